using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Rows that nobody needs any more, looked for on walks through the tables, a few at a time.</summary>
internal interface IPruneRows
{
    /// <summary>Jobs whose end is history, also to those who were to be told of it. The next ones on a walk: a million that wait, or that belong to a batch
    /// which goes on, are not looked at in one turn.</summary>
    /// <param name="behind">Where the walk has come to: this row number was looked at.</param>
    /// <param name="newest">No job of this row number or a higher one has ended before <paramref name="finishedBefore"/>.</param>
    /// <param name="finishedBefore">Ticks of store time.</param>
    /// <param name="atMost">How many are wanted.</param>
    /// <param name="looks">Rows looked at, at most.</param>
    /// <returns>The jobs, and where the walk has come to; 0 at its end.</returns>
    (List<(long Stamp, long QueueId, JobState State, bool HasCallback)> Jobs, long End) Jobs(long behind, long newest, long finishedBefore, int atMost, int looks);

    /// <summary>Batches of which nothing but their own row is left.</summary>
    List<(long Stamp, string? Idempotency)> Batches(long finishedBefore, int atMost);

    /// <summary>States of limits, and the last moment that they say something about, in the order of limit and key.</summary>
    List<(string Limit, string Key, long Until)> States((string Limit, string Key) behind, int atMost);

    /// <summary>Starts in windows, in the order of limit, key and moment.</summary>
    List<(string Limit, string Key, long At)> Starts((string Limit, string Key, long At) behind, int atMost);
}

/// <summary>Where the walks have come to; they begin anew at their ends.</summary>
internal sealed class PruneWalks
{
    public long Job { get; set; }

    public (string Limit, string Key) State { get; set; } = ("", "");

    public (string Limit, string Key, long At) Start { get; set; } = ("", "", 0);
}

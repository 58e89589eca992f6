namespace JobService.Ledger;

/// <summary>Where each walk through old rows continues. At its end a walk starts over.</summary>
internal sealed class PruneWalks
{
    public long Job { get; set; }

    public (string Limit, string Key) State { get; set; } = ("", "");

    public (string Limit, string Key, long At) Start { get; set; } = ("", "", 0);
}

/// <summary>The result of one step of pruning.</summary>
/// <param name="Deleted">How many jobs, batches or limit states were deleted, whichever were most.</param>
/// <param name="GoesOn">False when the walk has reached its end.</param>
public readonly record struct PruneStep(int Deleted, bool GoesOn);

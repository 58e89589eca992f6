namespace JobService.Ledger;

/// <summary>Where the walks have come to; they begin anew at their ends.</summary>
internal sealed class PruneWalks
{
    public long Job { get; set; }

    public (string Limit, string Key) State { get; set; } = ("", "");

    public (string Limit, string Key, long At) Start { get; set; } = ("", "", 0);
}

namespace JobService.Ledger;

/// <summary>How many jobs of one queue are claimed in one commit, at most.</summary>
/// <remarks>
/// A commit that takes longer than slots are handed out ahead comes too late for every slot in it, and the next one would again: a paced queue beside a wide one would
/// start nothing. Well before that less is claimed in one commit, and more again when there is time.
/// </remarks>
internal sealed class ClaimSize
{
    private const int MostJobs = 512;
    private const int LeastJobs = 32;

    private static readonly long TooLong = CommitTimes.Most / 2;
    private static readonly long Short = CommitTimes.Most / 4;

    public int Jobs { get; private set; } = MostJobs;

    /// <param name="ticks">From the planning of a claim to the end of its commit.</param>
    public void Add(long ticks)
    {
        if (ticks > TooLong)
            Jobs = Math.Max(Jobs / 2, LeastJobs);
        else if (ticks < Short)
            Jobs = Math.Min(Jobs + (Jobs / 4), MostJobs);
    }
}

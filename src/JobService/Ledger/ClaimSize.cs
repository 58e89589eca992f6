namespace JobService.Ledger;

/// <summary>The maximum number of jobs of one queue that are claimed in one commit.</summary>
/// <remarks>
/// If a commit takes longer than slots are handed out ahead, it is too late for every slot in it, and so would be the next: a paced queue next to a large one would
/// start nothing. Well before that, the number per commit is reduced, and raised again when there is time.
/// </remarks>
internal sealed class ClaimSize
{
    private const int MostJobs = 512;
    private const int LeastJobs = 32;

    private static readonly long TooLong = DelayEstimate.Most / 2;
    private static readonly long Short = DelayEstimate.Most / 4;

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

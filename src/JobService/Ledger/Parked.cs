namespace JobService.Ledger;

/// <summary>The values of the column <c>parked</c> of a queued job that is due.</summary>
internal static class Parked
{
    /// <summary>The job is in its lane. A value above <see cref="InLockQueue"/>: it waits for its signal.</summary>
    public static long? InLane => null;

    /// <summary>The job is in the wait queue of its lock.</summary>
    public const long InLockQueue = 0;
}

namespace JobService.Ledger;

/// <summary>The values of the column <c>parked</c> of a queued job whose own time has come.</summary>
internal static class Parked
{
    /// <summary>Of a job in its lane; above <see cref="InLockQueue"/> it waits for its signal.</summary>
    public static long? InLane => null;

    /// <summary>Of a job in the wait queue of its lock.</summary>
    public const long InLockQueue = 0;
}

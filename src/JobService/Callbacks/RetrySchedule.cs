namespace JobService.Callbacks;

/// <summary>When a delivery is tried again: soon, then over more than a day, as Standard Webhooks recommends.</summary>
internal static class RetrySchedule
{
    /// <summary>The maximum share of a wait that is added at random, so that receivers that went down together are not called together.</summary>
    private const double Jitter = 0.2;

    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(10),
    ];

    /// <param name="failures">Failed tries so far, at least 1.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    /// <returns>Null after the last retry.</returns>
    public static TimeSpan? WaitAfter(int failures, double chance) => failures > Waits.Length ? null : Waits[failures - 1] * (1 + (Jitter * chance));
}

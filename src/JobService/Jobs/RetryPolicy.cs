namespace JobService.Jobs;

/// <summary>When a failed attempt is tried again. A 429, a <c>Retry-After</c> or a shutdown is no failure and spends none of the attempts.</summary>
public sealed record RetryPolicy
{
    /// <summary>Failures after which the job is <c>failed</c>. Default 5, from 1 to 100.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Shortest wait before a retry, in seconds. Default 1, from 0 to 86 400.</summary>
    public double BaseSeconds { get; init; } = 1;

    /// <summary>Longest wait before a retry, in seconds. Default 300, from <c>baseSeconds</c> to 604 800.</summary>
    public double MaxSeconds { get; init; } = 300;

    /// <summary>
    /// Seconds of continuous refusals ("not now") after which the job is <c>failed</c> with type <c>throttled</c>. They count from the first refusal since the job last
    /// got any other response, and are checked with each: the job fails when they have passed, and at once when the API names a time after their end. Default 86 400, from 1 to 2 592 000.
    /// </summary>
    public double GiveUpAfterSeconds { get; init; } = 86_400;

    /// <summary>Whether a refusal is the last one.</summary>
    /// <remarks>
    /// Decided with a refusal and never between two: a job that waits for its turn, or for a pause caused by others, may still succeed. One whose own refusal named a time
    /// cannot before that time.
    /// </remarks>
    /// <param name="refusedSince">The first of the consecutive refusals; null when it is this one.</param>
    /// <param name="now">The moment of the refusal.</param>
    /// <param name="notBefore">When the API may be called again; null when it named no time.</param>
    public bool GivesUp(DateTimeOffset? refusedSince, DateTimeOffset now, DateTimeOffset? notBefore)
    {
        var end = (refusedSince ?? now).AddSeconds(GiveUpAfterSeconds);
        var next = notBefore < now + CallFeedback.LongestPause ? notBefore : notBefore is null ? null : now + CallFeedback.LongestPause;
        return now >= end || next > end;
    }

    /// <summary>The wait before the next attempt.</summary>
    /// <remarks>
    /// Decorrelated jitter: uniform between the base and three times the wait before, capped
    /// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). The wait before is not stored:
    /// its upper bound after n failures, base · 3^(n − 1), is used instead.
    /// </remarks>
    /// <param name="failures">Failures so far, at least 1.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    public TimeSpan WaitAfter(int failures, double chance)
    {
        var before = Math.Min(BaseSeconds * Math.Pow(3, Math.Min(failures - 1, 40)), MaxSeconds);
        var ceiling = Math.Min(Math.Max(before * 3, BaseSeconds), MaxSeconds);
        return TimeSpan.FromSeconds(BaseSeconds + (chance * (ceiling - BaseSeconds)));
    }
}

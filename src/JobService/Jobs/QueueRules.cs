namespace JobService.Jobs;

/// <summary>The rules for a queue's definition. The bounds are documented in <see cref="QueueDefinition"/> and its parts.</summary>
public static class QueueRules
{
    /// <summary>The placeholder shown for masked header values: never accepted as a value.</summary>
    public const string Masked = "***";

    public const int MaxLimits = 16;
    private const int MaxStatuses = 20;
    private const int MaxKeptHeaders = 16;
    private const int MaxHeaderName = 100;
    private const int MaxShares = 10_000;
    private const int MaxShare = 1_000;

    // A job adds weight ÷ share to its key's virtual time. With far smaller shares, one job's addition would swallow those of all other keys (a double has 53 bits), and sharing would no longer be fair.
    private const double MinShare = 0.001;

    private static readonly string WantedShare = $"From {MinShare} to {MaxShare}.";

    /// <summary>Of ten thousand invalid shares only the first few are reported.</summary>
    private const int MaxReportedShares = 20;

    public static IReadOnlyList<Violation> Check(QueueDefinition queue) =>
        [.. Bounds(queue), .. LimitNames(queue), .. Kept(queue.KeepHeaders), .. Shares(queue.KeyShares), .. Retries(queue.Retry), .. Statuses(queue.ThrottledBy), .. queue.Target.Check(), .. queue.Process.Check()];

    private static IEnumerable<Violation> Bounds(QueueDefinition queue)
    {
        if (queue.MaxConcurrency is < 1 or > 10_000)
            yield return new Violation("/maxConcurrency", "From 1 to 10000.");
        if (queue.Capacity is < 1 or > 100_000_000)
            yield return new Violation("/capacity", "From 1 to 100000000.");
        if (queue.Share is not (>= MinShare and <= MaxShare))
            yield return new Violation("/share", WantedShare);
        if (queue.TimeoutSeconds is not (> 0 and <= 86_400))
            yield return new Violation("/timeoutSeconds", "Above 0, at most 86400.");
    }

    private static IEnumerable<Violation> LimitNames(QueueDefinition queue)
    {
        if (queue.Limits.Count > MaxLimits)
            yield return new Violation("/limits", $"At most {MaxLimits} limits.");

        for (var i = 0; i < queue.Limits.Count; i++)
        {
            if (!Names.IsName(queue.Limits[i]))
                yield return new Violation($"/limits/{i}", $"A limit's name: {Names.Wanted}.");
            else if (queue.Limits.Take(i).Contains(queue.Limits[i]))
                yield return new Violation($"/limits/{i}", "This limit is named twice; once is enough.");
        }
    }

    private static IEnumerable<Violation> Kept(IReadOnlyList<string> names)
    {
        if (names.Count > MaxKeptHeaders)
            yield return new Violation("/keepHeaders", $"At most {MaxKeptHeaders} headers.");

        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] is not { Length: <= MaxHeaderName } name || !HeaderRules.IsToken(name))
                yield return new Violation($"/keepHeaders/{i}", $"A header's name, such as location or x-request-id: at most {MaxHeaderName} characters.");
            else if (names.Take(i).Contains(name, StringComparer.OrdinalIgnoreCase))
                yield return new Violation($"/keepHeaders/{i}", HeaderRules.OnceIsEnough);
        }
    }

    private static IEnumerable<Violation> Shares(IReadOnlyDictionary<string, double> shares)
    {
        if (shares.Count > MaxShares)
            return [new Violation("/keyShares", $"At most {MaxShares} keys.")];
        return shares.Select(share => ShareFault(share.Key, share.Value) is { } fault ? new Violation(Pointers.Under("/keyShares", share.Key), fault) : null)
            .OfType<Violation>().Take(MaxReportedShares);
    }

    private static string? ShareFault(string key, double share)
    {
        if (!Names.IsText(key))
            return "A job's key: at most 256 characters, none of them a control character.";
        return share is >= MinShare and <= MaxShare ? null : WantedShare;
    }

    private static IEnumerable<Violation> Retries(RetryPolicy retry)
    {
        if (retry.MaxAttempts is < 1 or > 100)
            yield return new Violation("/retry/maxAttempts", "From 1 to 100.");
        if (retry.BaseSeconds is not (>= 0 and <= 86_400))
            yield return new Violation("/retry/baseSeconds", "From 0 to 86400.");
        if (retry.MaxSeconds is not (>= 0 and <= 604_800) || retry.MaxSeconds < retry.BaseSeconds)
            yield return new Violation("/retry/maxSeconds", "From baseSeconds to 604800.");
        if (retry.GiveUpAfterSeconds is not (>= 1 and <= 2_592_000))
            yield return new Violation("/retry/giveUpAfterSeconds", "From 1 to 2592000.");
    }

    private static IEnumerable<Violation> Statuses(IReadOnlyList<int> statuses)
    {
        if (statuses.Count > MaxStatuses)
            yield return new Violation("/throttledBy", $"At most {MaxStatuses} statuses.");

        for (var i = 0; i < Math.Min(statuses.Count, MaxStatuses); i++)
        {
            if (statuses[i] is < 300 or > 599)
                yield return new Violation($"/throttledBy/{i}", "From 300 to 599.");
            else if (statuses.Take(i).Contains(statuses[i]))
                yield return new Violation($"/throttledBy/{i}", "This status is named twice; once is enough.");
        }
    }
}

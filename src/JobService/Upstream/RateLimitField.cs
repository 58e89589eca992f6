namespace JobService.Upstream;

/// <summary>The fields <c>RateLimit</c> and <c>RateLimit-Policy</c> of draft-ietf-httpapi-ratelimit-headers.</summary>
internal static class RateLimitField
{
    /// <param name="limits"><c>"p";r=50;t=30</c>, one item per policy; or <c>limit=100, remaining=50, reset=30</c> of version 07.</param>
    /// <param name="policies"><c>"p";q=100;w=60</c>: its window is the bound for a missing reset, its quota is the limit.</param>
    public static RateBudget? Parse(string? limits, string? policies)
    {
        if (limits is null || StructuredList.Parse(limits) is not { } members)
            return null;

        var told = (policies is null ? null : StructuredList.Parse(policies)) ?? [];
        var tightest = Budget(ValueOf(members, "remaining"), ValueOf(members, "reset"), ValueOf(members, "limit"));
        foreach (var member in members)
        {
            var policy = told.Find(policy => policy.Name == member.Name);
            tightest = RateHeaders.Tighter(tightest, Budget(member.Parameter("r"), member.Parameter("t") ?? policy?.Parameter("w"), policy?.Parameter("q")));
        }

        return tightest;
    }

    private static double? ValueOf(List<StructuredList.Member> members, string name) => members.FindLast(member => member.Name == name)?.Value;

    private static RateBudget? Budget(double? remaining, double? reset, double? limit) => remaining is { } calls
        ? RateHeaders.Budget(
            HeaderText.Whole(calls),
            reset is >= 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, RetryAfter.Longest.TotalSeconds)) : null,
            limit is >= 0 and var all ? HeaderText.Whole(all) : null)
        : null;
}

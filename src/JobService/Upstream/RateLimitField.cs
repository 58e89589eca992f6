namespace JobService.Upstream;

/// <summary>The fields <c>RateLimit</c> and <c>RateLimit-Policy</c> of draft-ietf-httpapi-ratelimit-headers.</summary>
internal static class RateLimitField
{
    /// <param name="limits"><c>"p";r=50;t=30</c>, one item a policy; or <c>limit=100, remaining=50, reset=30</c> of version 07.</param>
    /// <param name="policies"><c>"p";q=100;w=60</c>: its window bounds a reset that is not named.</param>
    public static RateBudget? Parse(string? limits, string? policies)
    {
        if (limits is null || StructuredList.Parse(limits) is not { } members)
            return null;

        var windows = (policies is null ? null : StructuredList.Parse(policies)) ?? [];
        var tightest = Combined(members);
        foreach (var member in members)
        {
            var remaining = member.Parameter("r");
            var reset = member.Parameter("t") ?? windows.Find(policy => policy.Name == member.Name)?.Parameter("w");
            tightest = RateHeaders.Tighter(tightest, Budget(remaining, reset));
        }

        return tightest;
    }

    private static RateBudget? Combined(List<StructuredList.Member> members) => Budget(ValueOf(members, "remaining"), ValueOf(members, "reset"));

    private static double? ValueOf(List<StructuredList.Member> members, string name) => members.FindLast(member => member.Name == name)?.Value;

    private static RateBudget? Budget(double? remaining, double? reset) =>
        remaining is >= 0 and var calls && reset is >= 0 and var seconds
            ? RateHeaders.Budget(RateHeaders.WholeCalls(calls), ResetTime.Bounded(seconds))
            : null;
}

namespace JobService.Api.Http;

/// <summary>The preconditions of a request that changes a queue or a limit.</summary>
internal static class Conditional
{
    /// <summary>The resource does not exist yet.</summary>
    private const long None = 0;

    /// <returns>The revision that must still be in force when the change is written (0 for none, null for any), or the refusal.</returns>
    public static (IResult? Refusal, long? Expected) Ask(HttpRequest request, long? current)
    {
        // "Create, do not replace" (RFC 9110, section 13.1.2). Of several concurrent requests the store lets one through.
        if (request.Headers.IfNoneMatch == "*")
            return current is { } existing ? (Problems.Exists(existing), null) : (null, None);
        if (request.Headers.IfNoneMatch.Count > 0)
            return (Problems.Header("If-None-Match", "only * is accepted here: create the resource if there is none. To replace a version that you have read, send If-Match."), null);

        return EntityTags.IfMatch(request.Headers.IfMatch, current).Match<(IResult?, long?)>(
            holds: revision => (null, revision),
            fails: () => (Problems.Outdated(current), null),
            unreadable: () => (Problems.Header("If-Match", "a list of entity tags in double quotes, as \"r17\", or *."), null));
    }
}

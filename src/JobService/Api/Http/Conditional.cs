namespace JobService.Api.Http;

/// <summary>The conditions under which a client wants a queue or a limit changed.</summary>
internal static class Conditional
{
    /// <summary>There is none yet.</summary>
    private const long None = 0;

    /// <returns>The revision that must still be in force when the change is written (0 for none, null for any), or the refusal.</returns>
    public static (IResult? Refusal, long? Expected) Ask(HttpRequest request, long? current)
    {
        // "Make it, do not replace it" (RFC 9110, section 13.1.2). Of many who ask at once the store lets one through.
        if (request.Headers.IfNoneMatch == "*")
            return current is { } existing ? (Problems.Exists(existing), null) : (null, None);
        if (request.Headers.IfNoneMatch.Count > 0)
            return (Problems.Header("If-None-Match", "only * here: make it if there is none. To replace what you have read, send If-Match."), null);

        return EntityTags.IfMatch(request.Headers.IfMatch, current).Match<(IResult?, long?)>(
            holds: revision => (null, revision),
            fails: () => (Problems.Outdated(current), null),
            unreadable: () => (Problems.Header("If-Match", "a list of entity tags in double quotes, as \"r17\", or *."), null));
    }
}

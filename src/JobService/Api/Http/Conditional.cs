namespace JobService.Api.Http;

/// <summary>The conditions under which a client wants a queue or a limit changed.</summary>
internal static class Conditional
{
    /// <returns>The revision that must still be in force when the change is written (null for any), or the refusal.</returns>
    public static (IResult? Refusal, long? Expected) Ask(HttpRequest request, long? current)
    {
        // "Make it, do not replace it" (RFC 9110, section 13.1.2).
        if (request.Headers.IfNoneMatch == "*" && current is { } existing)
            return (Problems.Outdated(existing), null);

        return EntityTags.IfMatch(request.Headers.IfMatch, current) switch
        {
            Precondition.Holds(var revision) => (null, revision),
            Precondition.Fails => (Problems.Outdated(current), null),
            _ => (Problems.Header("If-Match", "a list of entity tags in double quotes, as \"r17\", or *."), null),
        };
    }
}

using System.Buffers;
using System.Collections.Frozen;

namespace JobService.Jobs;

/// <summary>Which header fields users may set on calls. Checked at submission, and again before the send.</summary>
/// <remarks>The HTTP stack sends a line break in a value unchanged, so that one value becomes two fields: nothing else checks this.</remarks>
public static class HeaderRules
{
    public const string OnceIsEnough = "This header is named twice; upper and lower case are the same.";

    private const string ProxyPrefix = "Proxy-";

    // RFC 9110, section 5.6.2.
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly FrozenSet<string> Framing = new[]
    {
        "Host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Upgrade", "Expect", "Keep-Alive", "Trailer",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Ours = new[]
    {
        "X-Job-Id", "X-Job-Attempt", "Idempotency-Key",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a text is a token: the syntax of header names and methods.</summary>
    public static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Token);

    /// <summary>For each header that is named more than once, the last spelling.</summary>
    public static IEnumerable<string> NamedTwice(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(same => same.Skip(1).Any()).Select(same => same.Last());

    /// <summary>What is wrong with a header field, in one sentence; null when it may be sent.</summary>
    public static string? Fault(string name, string value) =>
        NameFault(name) ?? ValueFault(value) ?? (name.Equals(AcceptEncoding.Name, StringComparison.OrdinalIgnoreCase) ? AcceptEncoding.Fault(value) : null);

    /// <summary>What is wrong with the name alone: for values that are secrets.</summary>
    public static string? NameFault(string name)
    {
        if (!IsToken(name))
            return "A header name is made of letters, digits and !#$%&'*+-.^_`|~.";
        if (Framing.Contains(name) || name.StartsWith(ProxyPrefix, StringComparison.OrdinalIgnoreCase))
            return $"{name} frames the message or routes the connection: the service sets it.";
        if (Ours.Contains(name))
            return $"{name} names the job: the service sets it.";
        return null;
    }

    /// <summary>What is wrong with the value alone, without repeating it.</summary>
    public static string? ValueFault(string value)
    {
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') && value.Any(sign => sign is (< ' ' or > '~') and not '\t'))
            return "A header value is made of visible ASCII characters, with spaces and tabs inside.";
        if (value.Length > 0 && (value[0] is ' ' or '\t' || value[^1] is ' ' or '\t'))
            return "A header value neither starts nor ends with a space or a tab.";
        return null;
    }
}

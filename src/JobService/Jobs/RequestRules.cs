using System.Buffers;

namespace JobService.Jobs;

/// <summary>The rules for a job's own request.</summary>
/// <remarks>The path is checked after percent-decoding, as a server reads it, so that no job leaves the base address of its queue.</remarks>
public static class RequestRules
{
    private const int MaxPathLength = 8192;
    private const int MaxFields = 100;
    private const int MaxValueLength = 8192;

    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <param name="request">The request.</param>
    /// <param name="at">Its JSON pointer in the body.</param>
    public static IEnumerable<Violation> Check(ApiRequest request, string at)
    {
        if (request.Method.Length is 0 or > 32 || request.Method.AsSpan().ContainsAnyExcept(Token))
            yield return new Violation($"{at}/method", "An HTTP method, such as GET or POST.");
        else if (request.Method.ToUpperInvariant() is "CONNECT" or "TRACE")
            yield return new Violation($"{at}/method", "CONNECT and TRACE are not allowed.");

        if (request.Path is { } path && PathFault(path) is { } fault)
            yield return new Violation($"{at}/path", fault);

        foreach (var violation in Query(request.Query, $"{at}/query"))
            yield return violation;

        foreach (var violation in Headers(request.Headers, $"{at}/headers"))
            yield return violation;
    }

    private static string? PathFault(string path)
    {
        if (path.Length > MaxPathLength)
            return $"At most {MaxPathLength} characters.";
        if (!path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal))
            return "A path must start with exactly one slash.";
        if (path.AsSpan().ContainsAny('?', '#', '\\'))
            return "A path must not contain ?, # or a backslash; put the query into 'query'.";

        for (var i = path.IndexOf('%', StringComparison.Ordinal); i >= 0; i = path.IndexOf('%', i + 1))
        {
            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
                return "A % must be followed by two hexadecimal digits; a percent sign itself is %25.";
        }

        var read = Uri.UnescapeDataString(path);
        if (read.Any(char.IsControl))
            return "A path must not contain control characters, not even percent-encoded.";
        return read.Split('/', '\\').Any(segment => segment is "." or "..")
            ? "A path must not contain '.' or '..' segments, not even percent-encoded."
            : null;
    }

    private static IEnumerable<Violation> Query(IReadOnlyDictionary<string, QueryValue>? query, string at)
    {
        if (query is null)
            yield break;
        if (query.Values.Sum(value => value?.Values.Count ?? 0) > MaxFields)
            yield return new Violation(at, $"At most {MaxFields} values.");

        foreach (var (name, value) in query)
        {
            if (value is null)
                yield return new Violation(Pointers.Under(at, name), "A string or an array of strings, not null.");
            else if (value.Values.Any(text => text.Length > MaxValueLength))
                yield return new Violation(Pointers.Under(at, name), $"At most {MaxValueLength} characters.");
        }
    }

    private static IEnumerable<Violation> Headers(IReadOnlyDictionary<string, string>? headers, string at)
    {
        if (headers is null)
            yield break;
        if (headers.Count > MaxFields)
            yield return new Violation(at, $"At most {MaxFields} headers.");

        foreach (var (name, value) in headers)
        {
            var fault = value is null ? "A string, not null." : HeaderRules.Fault(name, value);
            if (fault is not null)
                yield return new Violation(Pointers.Under(at, name), fault);
        }

        foreach (var twice in HeaderRules.NamedTwice(headers.Keys))
            yield return new Violation(Pointers.Under(at, twice), HeaderRules.OnceIsEnough);
    }
}

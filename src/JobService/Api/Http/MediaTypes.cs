using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace JobService.Api.Http;

/// <summary>Media types of requests and responses.</summary>
internal static class MediaTypes
{
    public const string Json = "application/json";
    public const string Ndjson = "application/x-ndjson";
    public const string EventStream = "text/event-stream";
    public const string Bytes = "application/octet-stream";

    /// <returns>What is wrong with the type or the encoding of the body; null when both are as expected.</returns>
    public static string? Fault(HttpRequest request, string wanted)
    {
        if (!StringValues.IsNullOrEmpty(request.Headers.ContentEncoding))
            return "Send the body as it is, without a Content-Encoding.";
        if (wanted.Equals(request.ContentType, StringComparison.OrdinalIgnoreCase))
            return null;

        var advice = Advice(request);
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var media) || !media.MediaType.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            return request.ContentType is null ? $"{advice}; no content type was given." : $"{advice}.";
        return media.Charset.HasValue && !media.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? $"{advice}, in UTF-8." : null;
    }

    /// <summary>How this resource wants its body; without a full stop.</summary>
    public static string Advice(HttpRequest request) => request.Path.Value?.TrimEnd('/') switch
    {
        { } path when path.EndsWith("/map", StringComparison.OrdinalIgnoreCase) => $"Send one JSON object per line, with 'Content-Type: {Ndjson}'",
        { } path when path.EndsWith("/batches", StringComparison.OrdinalIgnoreCase) =>
            $"Send one JSON document with 'Content-Type: {Json}', or one JSON object per line with 'Content-Type: {Ndjson}'",
        _ => $"Send the body as JSON in UTF-8, uncompressed, with the header 'Content-Type: {Json}'",
    };

    public static bool Is(HttpRequest request, string type) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var media) && media.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>The offered type that the client prefers; of equal ones the first.</summary>
    /// <returns>Null when it accepts none of them.</returns>
    public static string? Choose(HttpRequest request, params ReadOnlySpan<string> offered)
    {
        var accept = request.Headers.Accept;
        if (StringValues.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList(accept, out var ranges))
            return offered[0];

        string? best = null;
        var most = 0.0;
        foreach (var type in offered)
        {
            // The most specific range that fits counts (RFC 9110, section 12.5.1). Parameters are ignored: the offered types have none, and a charset would be UTF-8.
            var range = ranges.Where(range => range.MatchesMediaType(type))
                .OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0)
                .FirstOrDefault();
            var quality = range is null ? 0 : range.Quality ?? 1;
            if (quality > most)
                (best, most) = (type, quality);
        }

        return best;
    }
}

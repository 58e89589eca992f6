using System.Text.Unicode;

namespace JobService.Api.Http;

/// <summary>Refuses query parameters that are unknown to the endpoint, duplicated, or not UTF-8, instead of ignoring them.</summary>
internal static class QueryGate
{
    public static Task Pass(HttpContext http, RequestDelegate next) =>
        http.Request.QueryString.HasValue && http.GetEndpoint() is { } endpoint && Fault(http.Request, endpoint) is { } refusal
            ? refusal.ExecuteAsync(http)
            : next(http);

    private static ProblemResponse? Fault(HttpRequest request, Endpoint endpoint)
    {
        if (!request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase))
            return null;
        if (!IsUtf8(request.QueryString.Value!))
            return Problems.Invalid("The query is not valid UTF-8 (percent-encoded).");

        var known = endpoint.Metadata.GetMetadata<TakesQuery>()?.Parameters ?? [];
        foreach (var (name, values) in request.Query)
        {
            if (!known.Any(parameter => parameter.Name == name))
            {
                return Problems.Parameter(name, known.Count == 0
                    ? "unknown; no query parameters are taken here."
                    : $"unknown; known here: {string.Join(", ", known.Select(parameter => parameter.Name))}.");
            }

            if (values.Count > 1)
                return Problems.Parameter(name, "given more than once.");
        }

        return null;
    }

    private static bool IsUtf8(string query)
    {
        if (!query.Contains('%', StringComparison.Ordinal))
            return true;

        var bytes = new List<byte>(query.Length);
        for (var i = 0; i < query.Length; i++)
        {
            if (query[i] == '%' && i + 2 < query.Length && char.IsAsciiHexDigit(query[i + 1]) && char.IsAsciiHexDigit(query[i + 2]))
            {
                bytes.Add(Convert.ToByte(query.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.Add((byte)query[i]);
            }
        }

        return Utf8.IsValid(bytes.ToArray());
    }
}

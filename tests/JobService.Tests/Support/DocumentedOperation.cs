using System.Collections.Concurrent;
using System.Text.Json;
using Json.Schema;

namespace JobService.Tests.Support;

/// <summary>One operation of the document, and what is wrong with a response to it.</summary>
internal sealed class DocumentedOperation(string method, string path, JsonElement operation)
{
    private static readonly EvaluationOptions strictly = new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };

    // What HTTP, Kestrel and the gates before every resource say, whatever is asked for.
    private static readonly int[] everywhere = [414, 431];

    private static readonly HashSet<string> ofEveryResponse = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Cache-Control", "Transfer-Encoding", "Connection", "X-Content-Type-Options", "X-Accel-Buffering", "Content-Security-Policy", "Vary", "Keep-Alive",
        "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Referrer-Policy", "X-Frame-Options", "Pragma", "Expires",
    };

    private readonly string[] segments = path.Split('/');
    private readonly ConcurrentDictionary<(string Status, string Type), JsonSchema> schemas = new();

    public string Path => path;

    /// <summary>Answers with what an API has sent, whatever its type says.</summary>
    public bool IsVerbatim { get; } = path.EndsWith("/result", StringComparison.Ordinal);

    /// <summary>The examples of its JSON responses.</summary>
    public IEnumerable<(int Status, string Type, JsonElement Json)> Examples =>
        from response in operation.GetProperty("responses").EnumerateObject()
        where response.Value.TryGetProperty("content", out _)
        from content in response.Value.GetProperty("content").EnumerateObject()
        from example in content.Value.TryGetProperty("examples", out var several)
            ? several.EnumerateObject().Select(one => one.Value.GetProperty("value"))
            : content.Value.TryGetProperty("example", out var only) ? [only] : []
        select (int.Parse(response.Name), content.Name, example);

    public bool IsOf(HttpRequestMessage request) =>
        (request.Method == HttpMethod.Head ? "GET" : request.Method.Method) == method && IsAt(request.RequestUri!.AbsolutePath.Split('/'));

    /// <returns>What the document does not say of this response; nothing when all is as it says.</returns>
    /// <param name="response">The head of the response.</param>
    /// <param name="body">Its body where it is JSON.</param>
    public IEnumerable<string> Faults(HttpResponseMessage response, JsonElement? body)
    {
        var status = ((int)response.StatusCode).ToString();
        if (everywhere.Contains((int)response.StatusCode))
            yield break;
        if (!operation.GetProperty("responses").TryGetProperty(status, out var documented))
        {
            yield return $"status {status} is not documented";
            yield break;
        }

        foreach (var header in response.Headers.Where(header => !ofEveryResponse.Contains(header.Key) && !HasHeader(documented, header.Key)))
            yield return $"header {header.Key} is not documented";

        if (response.Content.Headers.ContentType is not { MediaType: { } type })
            yield break;
        if (ContentOf(documented, type) is not { } content)
        {
            yield return $"content type {type} is not documented";
            yield break;
        }

        if (body is not { } json)
            yield break;
        if (schemas.GetOrAdd((status, type), _ => SchemaOf(content)).Evaluate(json, strictly) is { IsValid: false } result)
            yield return $"the body is not as documented: {string.Join("; ", Errors(result))}";
        if ((int)response.StatusCode >= 400 && !content.GetProperty("examples").TryGetProperty(NameOf(json), out _))
            yield return $"problem {NameOf(json)} is not documented";
    }

    private static IEnumerable<string> Errors(EvaluationResults result) =>
        (result.Details ?? []).SelectMany(detail => (detail.Errors ?? new Dictionary<string, string>()).Select(error => $"{detail.InstanceLocation} {error.Value}"));

    private static bool HasHeader(JsonElement documented, string name) =>
        documented.TryGetProperty("headers", out var headers) && headers.EnumerateObject().Any(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static JsonElement? ContentOf(JsonElement documented, string type) =>
        documented.TryGetProperty("content", out var contents) && (contents.TryGetProperty(type, out var content) || contents.TryGetProperty("*/*", out content)) ? content : null;

    private bool IsAt(string[] address) =>
        address.Length == segments.Length && segments.Zip(address).All(segment => segment.First.StartsWith('{') ? segment.Second.Length > 0 : segment.First == segment.Second);

    private static JsonSchema SchemaOf(JsonElement content) => JsonSchema.FromText(OpenApiDocument.WithDefinitions(content.GetProperty("schema")));

    private static string NameOf(JsonElement problem) => problem.GetProperty("type").GetString()!.Split('/')[^1];
}

using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>How the call of one job differs from a plain POST of its payload to the queue's base address. Only for queues whose target is <c>http</c>.</summary>
public sealed record ApiRequest
{
    /// <summary>HTTP method. Default: POST. Not CONNECT or TRACE.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>Appended to the base address. Starts with one <c>/</c>; no <c>?</c>, <c>#</c> or <c>..</c>. Default: nothing is appended.</summary>
    public string? Path { get; init; }

    /// <summary>Query parameters, escaped by the service, in the order given.</summary>
    public IReadOnlyDictionary<string, QueryValue>? Query { get; init; }

    /// <summary>Header fields: a token as the name, visible ASCII as the value; headers that control framing or routing are not allowed.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The bytes of the body, sent as they are. Null: the payload; GET, HEAD and DELETE send an empty body.</summary>
    [JsonIgnore] // stored separately, unchanged
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Content type of the body if neither the headers of the job nor those of its queue name one. Null: <c>application/json</c>.</summary>
    public string? BodyType { get; init; }
}

using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A job's own request as stored: parsed by the attempt, so that an unreadable one fails its attempt, and not the turn that claims it together with others.</summary>
public sealed record StoredRequest(string Json, ReadOnlyMemory<byte>? Body)
{
    /// <returns>Null when the job has none.</returns>
    public static StoredRequest? Of(string? json, byte[]? body) => json is null ? null : new StoredRequest(json, body is null ? default(ReadOnlyMemory<byte>?) : body);

    public ApiRequest Read() => ColumnJson.ReadRequest(Json) with { Body = Body };
}

/// <summary>The input of a job.</summary>
/// <param name="Payload">JSON in UTF-8; empty when the job has none.</param>
/// <param name="Request">Null when the job has none of its own.</param>
public sealed record JobInput(ReadOnlyMemory<byte> Payload, StoredRequest? Request);

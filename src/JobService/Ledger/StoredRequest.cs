using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A job's own request as it stands in the store: read by whoever makes the call, so that one that cannot be read fails its attempt, and not the turn that claims it among others.</summary>
public sealed record StoredRequest(string Json, ReadOnlyMemory<byte>? Body)
{
    /// <returns>Null when the job has none.</returns>
    public static StoredRequest? Of(string? json, byte[]? body) => json is null ? null : new StoredRequest(json, body is null ? default(ReadOnlyMemory<byte>?) : body);

    public ApiRequest Read() => ColumnJson.ReadRequest(Json) with { Body = Body };
}

/// <summary>What a job sends.</summary>
/// <param name="Payload">JSON in UTF-8; empty when the job has none.</param>
/// <param name="Request">Null when the job has none of its own.</param>
public sealed record JobInput(ReadOnlyMemory<byte> Payload, StoredRequest? Request);

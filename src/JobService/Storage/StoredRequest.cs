using JobService.Jobs;

namespace JobService.Storage;

/// <summary>A job's own request as it stands in the store: read by whoever makes the call, so that one that cannot be read fails its attempt, and not the turn that claims it among others.</summary>
public sealed record StoredRequest(string Json, ReadOnlyMemory<byte>? Body)
{
    public ApiRequest Read() => StorageJson.ReadRequest(Json) with { Body = Body };
}

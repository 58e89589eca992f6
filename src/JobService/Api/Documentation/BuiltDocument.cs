using System.Security.Cryptography;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>The OpenAPI document as bytes, built at the first request for it: a tenth of a second of a core, too much to spend on every request of a stranger.</summary>
internal sealed class BuiltDocument(IServiceProvider services)
{
    private readonly Lock building = new();
    private Task<(byte[] Json, EntityTagHeaderValue Tag)>? built;

    // 200 · 304 for a client that has it already
    public async Task<IResult> Get()
    {
        var (json, tag) = await BuiltAsync();
        return Results.Bytes(json, "application/json;charset=utf-8", entityTag: tag);
    }

    private Task<(byte[] Json, EntityTagHeaderValue Tag)> BuiltAsync()
    {
        lock (building)
            return built ??= BuildAsync(services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApiSetup.Name));
    }

    private static async Task<(byte[], EntityTagHeaderValue)> BuildAsync(IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        using var buffer = new MemoryStream();
        await document.SerializeAsJsonAsync(buffer, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None);
        var json = buffer.ToArray();
        return (json, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8))}\""));
    }
}

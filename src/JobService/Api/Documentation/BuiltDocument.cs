using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>The OpenAPI document as bytes, built at the first request for it: a tenth of a second of a core, too much to spend on every request of a stranger.</summary>
internal sealed class BuiltDocument(IServiceProvider services)
{
    /// <summary>Stands in the built document where the address of the service begins, which depends on the path under which a client reaches it.</summary>
    /// <remarks>A client joins a server's address and a path as texts (OpenAPI, "Paths Object"): behind a base path a slash at its end would stand twice.</remarks>
    private const string Root = "service-root:";

    private readonly Lock building = new();
    private Task<(byte[] Before, byte[] Behind)>? built;

    // 200 · 304 for a client that has it already
    public async Task<IResult> Get(HttpRequest request)
    {
        var (before, behind) = await BuiltAsync();
        byte[] json = [.. before, .. Encoding.UTF8.GetBytes(request.PathBase.HasValue ? request.PathBase.ToUriComponent() : "/"), .. behind];
        return Results.Bytes(json, "application/json;charset=utf-8", entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8))}\""));
    }

    private Task<(byte[] Before, byte[] Behind)> BuiltAsync()
    {
        lock (building)
            return built ??= BuildAsync(services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApiSetup.Name));
    }

    private static async Task<(byte[], byte[])> BuildAsync(IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        document.Servers = [new OpenApiServer { Url = Root }];
        using var buffer = new MemoryStream();
        await document.SerializeAsJsonAsync(buffer, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None);
        // JSON ends with a line break, here too.
        buffer.Write("\n"u8);
        var json = Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)).Split(Root);
        return (Encoding.UTF8.GetBytes(json[0]), Encoding.UTF8.GetBytes(json[1]));
    }
}

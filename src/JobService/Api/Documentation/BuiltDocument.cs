using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace JobService.Api.Documentation;

/// <summary>The OpenAPI document as bytes, built at the first request for it: it takes 0.1 s of CPU time, too much for every anonymous request.</summary>
internal sealed class BuiltDocument(IServiceProvider services)
{
    /// <summary>A placeholder in the built document for the base path, which depends on the path under which a client reaches the service.</summary>
    /// <remarks>A client concatenates the server's address and a path (OpenAPI, "Paths Object"): a trailing slash in the base path would be doubled.</remarks>
    private const string Root = "service-root:";

    private readonly Lock building = new();
    private Task<(byte[] Before, byte[] Behind)>? built;

    // 200 · 304 for a client that has the current one
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
        // Ends with a line break, like all JSON responses.
        buffer.Write("\n"u8);
        var json = Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)).Split(Root);
        return (Encoding.UTF8.GetBytes(json[0]), Encoding.UTF8.GetBytes(json[1]));
    }
}

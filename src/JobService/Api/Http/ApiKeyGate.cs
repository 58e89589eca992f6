using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Asks for the API key under <c>/v1</c>, when there is one.</summary>
internal sealed class ApiKeyGate(IOptions<ApiOptions> options)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? key = string.IsNullOrEmpty(options.Value.ApiKey) ? null : Digest(options.Value.ApiKey);

    public bool IsOpen => key is null;

    public Task Pass(HttpContext http, RequestDelegate next) =>
        key is null || !http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) || IsKnown(http.Request.Headers.Authorization.ToString())
            ? next(http)
            : Problems.Unauthorized().ExecuteAsync(http);

    // Digests have one length and are compared in one time: neither tells anything about the key.
    private bool IsKnown(string authorization) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest(authorization[Scheme.Length..].Trim()), key);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

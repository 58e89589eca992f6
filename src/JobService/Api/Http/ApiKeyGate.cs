using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Requires the API key under <c>/v1</c>, if one is configured, and throttles clients that guess.</summary>
/// <remarks>
/// The key of an address that has used up its wrong tries is not checked until it has another try, so that guessing faster gains nothing. An address that has sent the right key
/// before may go on: behind a proxy or a NAT, a client with an old key does not lock out the others.
/// </remarks>
internal sealed class ApiKeyGate(IOptions<ApiOptions> options) : IDisposable
{
    /// <summary>How many requests without the right key an address may send at once; after that one per second. Enough for a client that is being set up.</summary>
    public const int WrongTries = 20;

    private const string Scheme = "Bearer ";
    private const int MaxFamiliar = 10_000;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(1);

    private readonly byte[]? key = string.IsNullOrEmpty(options.Value.ApiKey) ? null : Digest(options.Value.ApiKey);
    private readonly ConcurrentDictionary<IPAddress, byte> familiar = new();
    private readonly PartitionedRateLimiter<IPAddress> wrongTries = PartitionedRateLimiter.Create<IPAddress, IPAddress>(client => RateLimitPartition.GetTokenBucketLimiter(client, static _ =>
        new TokenBucketRateLimiterOptions { TokenLimit = WrongTries, TokensPerPeriod = 1, ReplenishmentPeriod = TryAgainAfter, QueueLimit = 0 }));

    public bool IsOpen => key is null;

    public Task Pass(HttpContext http, RequestDelegate next) =>
        key is null || !http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) || Refusal(http) is not { } refusal
            ? next(http)
            : refusal.ExecuteAsync(http);

    public void Dispose() => wrongTries.Dispose();

    private ProblemResponse? Refusal(HttpContext http)
    {
        var client = ClientAddress.NetworkOf(http);
        var isFamiliar = familiar.ContainsKey(client);
        // The try is taken before the key is checked, so that concurrent guesses each cost one.
        if (!isFamiliar && !TakeTry(client))
            return Problems.TooManyWrongKeys(TryAgainAfter);

        if (!IsKnown(http.Request.Headers.Authorization.ToString()))
            return !isFamiliar || TakeTry(client) ? Problems.Unauthorized() : Problems.TooManyWrongKeys(TryAgainAfter);
        if (!isFamiliar)
        {
            if (familiar.Count >= MaxFamiliar)
                familiar.Clear();
            familiar.TryAdd(client, 0);
        }

        return null;
    }

    private bool TakeTry(IPAddress client)
    {
        using var lease = wrongTries.AttemptAcquire(client);
        return lease.IsAcquired;
    }

    // Digests have a fixed length and are compared in constant time: neither reveals anything about the key.
    private bool IsKnown(string authorization) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest(authorization[Scheme.Length..].Trim()), key);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

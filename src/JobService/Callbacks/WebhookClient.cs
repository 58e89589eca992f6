using System.Net.Http.Headers;
using JobService.Jobs;
using JobService.Upstream;
using Microsoft.Extensions.Options;

namespace JobService.Callbacks;

/// <summary>Sends one signed event once: no redirect, no cookie, and only to addresses that may be called.</summary>
public sealed class WebhookClient : IDisposable
{
    /// <summary>How much of an unread response is discarded to keep the connection.</summary>
    private const int MaxDrainBytes = 16 * 1024;

    private static readonly ProductInfoHeaderValue UserAgent = new("JobService", typeof(WebhookClient).Assembly.GetName().Version!.ToString(3));

    private readonly HttpMessageInvoker http;
    private readonly TimeSpan timeout;
    private readonly IConfiguration configuration;
    private readonly TimeProvider time;
    private readonly Dialer dialer;

    public WebhookClient(IOptions<CallbackOptions> options, IOptions<UpstreamOptions> upstream, IConfiguration configuration, TimeProvider time, Dialer dialer)
    {
        this.configuration = configuration;
        this.time = time;
        this.dialer = dialer;
        timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        var handler = OutgoingHandler.Create(dialer, upstream.Value);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        handler.MaxResponseDrainSize = MaxDrainBytes;
        http = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    /// <param name="callback">The receiver.</param>
    /// <param name="id">The webhook id.</param>
    /// <param name="body">JSON.</param>
    /// <param name="abandon">The service stops.</param>
    public async Task<WebhookResponse> PostAsync(Callback callback, JobId id, ReadOnlyMemory<byte> body, CancellationToken abandon)
    {
        if (KeyOf(callback.Secret) is not { } key)
            return new WebhookResponse(null, MissingSecret(callback.Secret));

        using var bound = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, abandon);
        try
        {
            using var message = Message(callback.Url, key, id.ToString(), body);
            await dialer.CheckAsync(message.RequestUri!, either.Token);
            using var response = await http.SendAsync(message, either.Token);
            if (ResponseBody.LengthOf(response).Fault is { } broken)
                return new WebhookResponse(null, broken);
            return new WebhookResponse((int)response.StatusCode, ErrorOf(response, message.RequestUri!)) { RetryAfter = RetryAfterOf(response) };
        }
        catch (Exception error) when (!abandon.IsCancellationRequested)
        {
            if (AddressGuard.BlockedBy(error) is { } blocked)
                return new WebhookResponse(null, blocked.Message) { IsFinal = true };
            return new WebhookResponse(null, bound.IsCancellationRequested ? $"No response within {timeout.TotalSeconds:0.###} s." : TransportFault.Detail(error));
        }
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage Message(string url, byte[] key, string id, ReadOnlyMemory<byte> body)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.UserAgent.Add(UserAgent);
        message.Headers.Add("webhook-id", id);
        message.Headers.Add("webhook-timestamp", timestamp.ToString());
        message.Headers.Add("webhook-signature", WebhookSignature.Of(key, id, timestamp, body.Span));
        return message;
    }

    private byte[]? KeyOf(HeaderValue secret) => WebhookSecret.Read(secret.Match(text => text, name => configuration[CallMessage.Secrets + name]));

    private static string MissingSecret(HeaderValue secret) =>
        secret.Match(_ => "The secret cannot be read.", name => $"{CallMessage.Secrets}{name} is not configured as {WebhookSecret.Wanted}.");

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        RetryAfter.Read(response.Headers, ResponseClock.Of(ServerClock.DateOf(response.Headers), time.GetUtcNow()));

    private static string? ErrorOf(HttpResponseMessage response, Uri asked) => (int)response.StatusCode switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => ResponseHeaders.LocationOf(response, asked) is { } location ? $"Redirects are not followed; the receiver points to {location}." : "Redirects are not followed.",
        410 => "The receiver wants no more events at this address.",
        _ => "The receiver did not accept the event.",
    };
}

/// <summary>The result of one try.</summary>
/// <param name="Status">The receiver's status; null when there was no response.</param>
/// <param name="Error">Why it failed; null when it succeeded.</param>
public sealed record WebhookResponse(int? Status, string? Error)
{
    /// <summary>How long the receiver asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Retrying is useless: the address may not be called.</summary>
    public bool IsFinal { get; init; }
}

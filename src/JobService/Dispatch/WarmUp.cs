using System.Net.Sockets;
using System.Net;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>Makes two calls to a local dummy server when the service starts, and processes their responses: the first real call then starts as punctually as the thousandth, and the first
/// refusal stops the next call as quickly.</summary>
/// <remarks>
/// Otherwise just-in-time compilation would delay the first call by 50 ms or more, longer than any slot allows, and the first refusal by 10 ms or more, in which the next call would start. The calls go
/// to a listener of this process on the loopback address, open for those two responses.
/// </remarks>
public sealed class WarmUp(
    IJobStore store, FeedbackReader feedbackReader, TrueCost costs, IOptions<UpstreamOptions> options, IConfiguration configuration, TimeProvider time, ILogger<WarmUp> logger) : BackgroundService
{
    /// <summary>Its own expression: those of the limits come from whoever may define them.</summary>
    private const string WeightFrom = "sum([usage.input, usage.output])";

    private const string Success = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: 1\r\n\r\n{}";
    private const string Refusal = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 2\r\nRetry-After: 1\r\n\r\n{}";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
            await CallAsync(either.Token);
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            logger.LogDebug(error, "The warm-up failed; the first call of a queue may miss its slot");
        }
    }

    private async Task CallAsync(CancellationToken cancel)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var own = new UpstreamOptions { AllowPrivateNetworks = true, MaxResponseBytes = options.Value.MaxResponseBytes };
        var target = new HttpTarget { BaseAddress = $"http://{listener.LocalEndpoint}" };
        await using var api = new HttpApi("warm-up", target, own, configuration, time, logger);
        var call = new ApiCall(default, Attempt: 1, "{}"u8.ToArray(), Request: null, Patience, Paced: true);
        var responding = RespondAsync(listener, cancel);
        Learn(await api.CallAsync(call, static () => true, cancel));
        Learn(await api.CallAsync(call, static () => true, cancel));
        await responding;
    }

    /// <summary>Into holds that belong to no queue.</summary>
    private void Learn(CallResult result)
    {
        if (result is CallResult.Responded response && store.Catalog.Limits.Values.Any(limit => limit.Definition.WeightFrom is not null))
            costs.Of(WeightFrom, response);
        var holds = new Holds(store);
        var job = JobWith([.. store.Catalog.Limits.Keys.Take(1)]);
        if (feedbackReader.Of(JobWith([]), result) is { } feedback)
            holds.Hold(job, feedback);
        holds.Holding(job);
    }

    private static ClaimedJob JobWith(IReadOnlyList<string> limits)
    {
        var queue = new QueueEntry("warm-up", new QueueDefinition { Limits = limits }, Paused: false, Revision: 0, FromConfiguration: false);
        return new ClaimedJob { Id = default, Lease = 0, Queue = queue, Attempt = 1, MaxAttempts = 1, Timeout = Patience };
    }

    private static async Task RespondAsync(TcpListener listener, CancellationToken cancel)
    {
        using var peer = await listener.AcceptSocketAsync(cancel);
        foreach (var response in (string[])[Success, Refusal])
        {
            await peer.ReceiveAsync(new byte[4_096], cancel);
            await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(response), cancel);
        }
    }
}

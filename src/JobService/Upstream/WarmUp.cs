using System.Net;
using System.Net.Sockets;
using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Upstream;

/// <summary>Makes one call to nobody when the service starts: the first real one finds its code compiled and starts as punctually as the thousandth.</summary>
/// <remarks>It costs 50 ms and more, which no slot has. The call goes to a listener of this process on the loopback address, open for that one answer.</remarks>
public sealed class WarmUp(IOptions<UpstreamOptions> options, IConfiguration configuration, TimeProvider time, ILogger<WarmUp> logger) : BackgroundService
{
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
            logger.LogDebug(error, "Nothing was warmed up; the first call of a queue may give its slot up");
        }
    }

    private async Task CallAsync(CancellationToken cancel)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var own = new UpstreamOptions { AllowPrivateNetworks = true, MaxAnswerBytes = options.Value.MaxAnswerBytes };
        var target = new HttpTarget { BaseAddress = $"http://{listener.LocalEndpoint}" };
        await using var api = new HttpApi("warm-up", target, own, configuration, time, logger);
        var call = new ApiCall(default, Attempt: 1, "{}"u8.ToArray(), Request: null, Patience, Paced: true);
        await Task.WhenAll(AnswerAsync(listener, cancel), api.CallAsync(call, static () => true, cancel));
    }

    private static async Task AnswerAsync(TcpListener listener, CancellationToken cancel)
    {
        using var peer = await listener.AcceptSocketAsync(cancel);
        await peer.ReceiveAsync(new byte[4_096], cancel);
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: 1\r\n\r\n{}"u8.ToArray(), cancel);
    }
}

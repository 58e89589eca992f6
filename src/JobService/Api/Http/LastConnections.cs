using Microsoft.AspNetCore.Connections;

namespace JobService.Api.Http;

/// <summary>Aborts the connections that are still open some time after the stop: a client that sends half a request, or does not read its response,
/// would delay the shutdown and use up the grace period of the jobs.</summary>
/// <remarks>Kestrel does not enforce its own limits for slow clients while it stops.</remarks>
internal sealed class LastConnections : IDisposable
{
    /// <summary>By then every request that has arrived has its response: requests that wait for a job or for memory get theirs at the stop.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource cut = new();
    private readonly CancellationTokenRegistration stop;
    private ITimer? timer;

    public LastConnections(IHostApplicationLifetime lifetime, TimeProvider time) => stop = lifetime.ApplicationStopping.Register(() =>
        timer = time.CreateTimer(_ => cut.Cancel(), null, Patience, Timeout.InfiniteTimeSpan));

    public ConnectionDelegate Pass(ConnectionDelegate next) => async connection =>
    {
        await using var end = cut.Token.Register(() => connection.Abort(new ConnectionAbortedException("The service stops.")));
        await next(connection);
    };

    public void Dispose()
    {
        stop.Dispose();
        timer?.Dispose();
        cut.Dispose();
    }
}

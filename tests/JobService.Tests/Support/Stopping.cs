using Microsoft.Extensions.Hosting;

namespace JobService.Tests.Support;

/// <summary>A host that is told to stop and whose parts still live.</summary>
internal sealed class Stopping : IHostApplicationLifetime, IDisposable
{
    private readonly CancellationTokenSource stopping = new();

    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => stopping.Token;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    public void StopApplication() => stopping.Cancel();

    public void Dispose() => stopping.Dispose();
}

using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The room that one request takes until its jobs are stored, and how long it waits for it.</summary>
/// <param name="hold">What it has.</param>
/// <param name="maxWait">In all, for all that it needs.</param>
/// <param name="time">Measures it.</param>
/// <param name="hangUp">The client has gone.</param>
internal sealed class BodyMemory(ByteHold hold, TimeSpan maxWait, TimeProvider time, CancellationToken hangUp) : IDisposable
{
    private TimeSpan left = maxWait;

    /// <returns>False when there was no room in time.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<bool> GrowToAsync(long bytes)
    {
        if (hold.TryGrowTo(bytes))
            return true;
        var since = time.GetTimestamp();
        var isGranted = await hold.GrowToAsync(bytes, left, hangUp);
        hangUp.ThrowIfCancellationRequested();
        left -= time.GetElapsedTime(since);
        return isGranted;
    }

    public void ShrinkTo(long bytes) => hold.ShrinkTo(bytes);

    public void Dispose() => hold.Dispose();
}

using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The memory that one request takes until its jobs are stored, and how long it waits for it.</summary>
/// <param name="hold">The memory reserved for it.</param>
/// <param name="maxWait">The total wait for all memory that it needs.</param>
/// <param name="time">Measures the wait.</param>
/// <param name="hangUp">The client disconnected.</param>
internal sealed class BodyMemory(ByteReservation hold, TimeSpan maxWait, TimeProvider time, CancellationToken hangUp) : IDisposable
{
    private TimeSpan left = maxWait;

    /// <returns>False when no memory became free in time.</returns>
    /// <exception cref="OperationCanceledException">The client disconnected.</exception>
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

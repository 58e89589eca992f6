using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Support;

/// <summary>A fake clock with its timers, of which the wall clock can be set by itself.</summary>
public sealed class SettableTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private TimeSpan step;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + step;

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

    public void StepWall(TimeSpan by) => step += by;
}

namespace JobService.Tests.Support;

/// <summary>The machine's time, of which the wall clock says something else.</summary>
/// <param name="start">What it says now.</param>
public sealed class ShiftedTime(DateTimeOffset start) : TimeProvider
{
    private long shift = (start - System.GetUtcNow()).Ticks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + new TimeSpan(Volatile.Read(ref shift));

    public void StepWall(TimeSpan by) => Interlocked.Add(ref shift, by.Ticks);
}

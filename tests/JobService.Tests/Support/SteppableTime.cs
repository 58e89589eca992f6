namespace JobService.Tests.Support;

/// <summary>A wall clock and a stopwatch that move apart: what NTP, an operator or a suspended machine does to a service.</summary>
public sealed class SteppableTime : TimeProvider
{
    private DateTimeOffset wall = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private long timestamp = 77_000_000_000;

    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>Runs once, within the next reading of the wall clock: what others do while a thread is held up there.</summary>
    public Action? WhileReadingTheWall { get; set; }

    public override DateTimeOffset GetUtcNow()
    {
        var meanwhile = WhileReadingTheWall;
        WhileReadingTheWall = null;
        meanwhile?.Invoke();
        return wall;
    }

    public override long GetTimestamp() => timestamp;

    /// <summary>Time passes for both.</summary>
    public void Pass(TimeSpan time)
    {
        wall += time;
        timestamp += time.Ticks * 100;
    }

    /// <summary>Time passes to a moment of the stopwatch.</summary>
    public void PassTo(long moment) => Pass(new TimeSpan((moment - timestamp + 99) / 100));

    /// <summary>Somebody sets the wall clock.</summary>
    public void StepWall(TimeSpan by) => wall += by;
}

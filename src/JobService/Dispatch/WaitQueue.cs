namespace JobService.Dispatch;

/// <summary>Jobs that wait for one state of a limit. Only the first has a scheduled time, and of the turns scheduled for it only the latest counts.</summary>
/// <remarks>A time may be moved away and back again: then two turns are due at it, and only one of them finds a job. Not thread-safe.</remarks>
/// <param name="state">The state of the limit.</param>
internal sealed class WaitQueue<T>((string Limit, string Key) state)
{
    private long latestTurn;

    public (string Limit, string Key) State { get; } = state;

    public Queue<T> Jobs { get; } = new();

    public DateTimeOffset WakesAt { get; set; }

    /// <summary>The first job is about to be sent.</summary>
    public bool IsServed { get; private set; }

    /// <summary>Schedules a turn for the first job: earlier turns are void.</summary>
    /// <returns>Its number.</returns>
    public long NextTurn() => ++latestTurn;

    public bool IsFor(long turn) => !IsServed && turn == latestTurn;

    /// <summary>The latest turn is used.</summary>
    public void BeginToServe()
    {
        latestTurn++;
        IsServed = true;
    }

    public void EndToServe() => IsServed = false;
}

namespace JobService.Dispatch;

/// <summary>Jobs that wait for one state of a limit. Only the first has a moment, and of the turns that were called for it only the latest is heeded.</summary>
/// <remarks>A moment may be moved away and back again: then two turns come at it, and only one of them finds a job. Not for use by two threads at once.</remarks>
/// <param name="state">The state of the limit.</param>
internal sealed class WaitQueue<T>((string Limit, string Key) state)
{
    private long latestTurn;

    public (string Limit, string Key) State { get; } = state;

    public Queue<T> Jobs { get; } = new();

    public DateTimeOffset WakesAt { get; set; }

    /// <summary>The first is on its way to its send.</summary>
    public bool IsServed { get; private set; }

    /// <summary>A turn for the first is called: those that were called before are over.</summary>
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

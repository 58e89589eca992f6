using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>Watches one state of a limit from outside: what really started, and when. It knows the definition and nothing of the arithmetic.</summary>
/// <remarks>A definition that changes begins a new count: what was handed out before may still start under the old one.</remarks>
internal sealed class LimitJudge
{
    private readonly List<Started> starts = [];
    private LimitDefinition? definition;
    private long since;
    private long held;

    /// <param name="current">The limit in force at the claim.</param>
    /// <param name="name">Its name.</param>
    /// <param name="claimedAt">The moment of the claim.</param>
    /// <param name="at">The start, or for a window the moment at which the API counts it.</param>
    /// <param name="weight">What it takes.</param>
    public Started Start(LimitDefinition current, string name, long claimedAt, long at, int weight)
    {
        var started = new Started(at) { Weight = weight };
        if (claimedAt < since)
            return started;
        if (current != definition)
        {
            (definition, since) = (current, claimedAt);
            starts.Clear();
        }

        starts.Add(started);
        switch (current)
        {
            case RateDefinition rate:
                CheckRate(rate, name);
                break;
            case WindowDefinition window:
                CheckWindow(window, name);
                break;
        }

        return started;
    }

    public void Hold(int weight) => held += weight;

    public void End(int weight) => held = Math.Max(0, held - weight);

    public void Forget() => held = 0;

    public void CheckHeld(ConcurrencyDefinition current, string name, long before)
    {
        var most = Math.Max(current.Permits, before);
        Check.That(held <= most, $"{name}: {held} at once, {current.Permits} are allowed.");
    }

    public long Held => held;

    /// <summary>In any time t the starts weigh at most burst + rate × (t + L).</summary>
    private void CheckRate(RateDefinition rate, string name)
    {
        var state = new RateLimit(rate);
        var perTick = rate.Permits / (rate.PeriodSeconds * TimeSpan.TicksPerSecond);
        var last = starts[^1].At;
        var sum = 0L;
        for (var i = starts.Count - 1; i >= 0 && i >= starts.Count - 200; i--)
        {
            sum += starts[i].Weight;
            var allowed = rate.Burst + (perTick * (Math.Abs(last - starts[i].At) + state.StartWindow.Ticks));
            if (sum > allowed + 1e-6)
                Assert.Fail($"{name}: {sum} in {(last - starts[i].At) / 1e4} ms, {allowed} are allowed.");
        }
    }

    /// <summary>Never more than the permits in any window: each one that matters begins with a call.</summary>
    private void CheckWindow(WindowDefinition window, string name)
    {
        var period = (long)(window.PeriodSeconds * TimeSpan.TicksPerSecond);
        // The API may count calls in another order than they started in.
        starts.Sort(static (one, other) => one.At.CompareTo(other.At));
        starts.RemoveAll(start => start.At < starts[^1].At - (3 * period));
        var (end, sum) = (0, 0L);
        foreach (var begin in starts)
        {
            while (end < starts.Count && starts[end].At < begin.At + period)
                sum += starts[end++].Weight;
            if (sum > window.Permits)
                Assert.Fail($"{name}: {sum} in one window, {window.Permits} are allowed.");
            sum -= begin.Weight;
        }
    }

    /// <summary>One start. A call that has cost less than it took counts as what it has cost, from the moment on at which that is known.</summary>
    public sealed class Started(long at)
    {
        public long At { get; } = at;

        public int Weight { get; set; }
    }
}

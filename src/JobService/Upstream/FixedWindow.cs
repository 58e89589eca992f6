using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>The simulated API's own limit: a number of calls per period, reset at its start, as many public APIs do.</summary>
internal sealed class FixedWindow(SimulatedLimit limit, TimeProvider time)
{
    private readonly Lock turn = new();
    private readonly TimeSpan period = TimeSpan.FromSeconds(limit.PeriodSeconds);
    private readonly long start = time.GetTimestamp();
    private long current;
    private int taken;

    /// <param name="rest">Time until the next window, when this one is used up.</param>
    public bool TryTake(out TimeSpan rest)
    {
        lock (turn)
        {
            var elapsed = time.GetElapsedTime(start);
            var window = elapsed.Ticks / period.Ticks;
            if (window != current)
                (current, taken) = (window, 0);

            rest = ((window + 1) * period) - elapsed;
            if (taken == limit.Permits)
                return false;

            taken++;
            return true;
        }
    }
}

using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A rate limit by brute force: every start is remembered, every window is weighed. No TAT, so no shared mistake.</summary>
internal sealed class RateModel(RateDefinition definition)
{
    private readonly List<(long At, int Weight)> starts = [];

    // The periods of the tests are whole milliseconds.
    private readonly long period = (long)Math.Round(definition.PeriodSeconds * 1_000) * TimeSpan.TicksPerMillisecond;

    /// <summary>T as the promise counts it: whole ticks, never shorter than period ÷ permits.</summary>
    public long Interval => (period + definition.Permits - 1) / definition.Permits;

    /// <summary>Would every window that ends with this start hold at most burst + its length ÷ T?</summary>
    public bool Allows(long at, int weight)
    {
        var sum = (long)weight;
        if (sum > definition.Burst)
            return false;

        for (var i = starts.Count - 1; i >= 0; i--)
        {
            sum += starts[i].Weight;
            if ((sum - definition.Burst) * Interval > at - starts[i].At)
                return false;
        }

        return true;
    }

    public void Add(long at, int weight) => starts.Add((at, weight));

    /// <summary>The window that holds more than burst + rate × its length, with the exact rate; null when none does. Any order of starts.</summary>
    public string? Overfull()
    {
        var sorted = starts.OrderBy(start => start.At).ToList();
        for (var first = 0; first < sorted.Count; first++)
        {
            var sum = 0L;
            for (var last = first; last < sorted.Count; last++)
            {
                sum += sorted[last].Weight;
                var length = sorted[last].At - sorted[first].At;
                if ((sum - definition.Burst) * period > length * definition.Permits)
                    return $"{sum} within {length} ticks";
            }
        }

        return null;
    }
}

using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A window limit by brute force: every start is remembered, every window is weighed. No log, so no shared mistake.</summary>
internal sealed class WindowModel(WindowDefinition definition)
{
    public const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly List<Start> starts = [];

    /// <summary>The periods of the tests are whole milliseconds.</summary>
    public long Period { get; } = (long)Math.Round(definition.PeriodSeconds * 1_000) * Millisecond;

    /// <summary>How late a call may reach the API without breaking the bound: 0.75 % of the period, from 2 to 50 ms.</summary>
    public long Lateness => Math.Max(2 * Millisecond, Math.Min(50 * Millisecond, Period * 3 / 400));

    public IReadOnlyList<Start> Starts => starts;

    public Start Add(long at, int weight, long late = 0)
    {
        var start = new Start { Slot = at, At = at + late, Weight = weight, CountedBy = at + Lateness };
        starts.Add(start);
        return start;
    }

    public void Remove(Start start) => starts.Remove(start);

    /// <summary>Does the weight fit together with all that the API may have counted within a period before this slot?</summary>
    public bool Allows(long at, int weight) =>
        starts.All(start => start.Slot <= at) && weight + starts.Where(start => start.CountedBy > at - Period).Sum(start => (long)start.Weight) <= definition.Permits;

    /// <summary>The window [a, a + period) that holds more than the permits; null when none does. Every window that matters begins with a start.</summary>
    public string? Overfull()
    {
        foreach (var begin in starts.Select(start => start.At))
        {
            var sum = starts.Where(start => start.At >= begin && start.At < begin + Period).Sum(start => (long)start.Weight);
            if (sum > definition.Permits)
                return $"{sum} of {definition.Permits} from {begin}";
        }

        return null;
    }

    internal sealed class Start
    {
        public required long Slot { get; init; }

        /// <summary>When the API has counted it.</summary>
        public required long At { get; init; }

        public required int Weight { get; set; }

        /// <summary>The API has counted it by then, as far as can be known.</summary>
        public required long CountedBy { get; set; }

        /// <summary>It has cost less than it took.</summary>
        public bool IsCorrected { get; set; }

        public bool IsAnswered { get; set; }
    }
}

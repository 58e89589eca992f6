namespace JobService.Bench;

/// <summary>Durations, and what they say about the rest.</summary>
internal sealed class Sample
{
    private readonly List<TimeSpan> values = [];

    public TimeSpan Max => values.Max();

    public void Add(TimeSpan value) => values.Add(value);

    /// <param name="share">0.5 is the median.</param>
    public TimeSpan Percentile(double share)
    {
        values.Sort();
        return values[Math.Min(values.Count - 1, (int)(values.Count * share))];
    }

    public static double Median(IEnumerable<double> numbers)
    {
        var sorted = numbers.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

namespace JobService.Bench;

internal sealed class LoadResult
{
    private readonly Dictionary<int, int> byStatus = [];

    public int Answers { get; private set; }

    public Sample Latency { get; } = new();

    public TimeSpan Elapsed { get; set; }

    public double PerSecond => Answers / Elapsed.TotalSeconds;

    public void Add(int status, TimeSpan took)
    {
        Answers++;
        byStatus[status] = byStatus.GetValueOrDefault(status) + 1;
        Latency.Add(took);
    }

    /// <summary>A rate counts only when every answer was the wanted one.</summary>
    public LoadResult Expecting(int status) =>
        byStatus.Keys.All(seen => seen == status)
            ? this
            : throw new InvalidOperationException($"Expected only {status}, got {string.Join(", ", byStatus.Select(pair => $"{pair.Value} x {pair.Key}"))}.");
}

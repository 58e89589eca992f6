using System.Diagnostics;
using System.Text.Json;
using JobService.Auditor;

namespace JobService.Tests.Judges.Audit;

/// <summary>Writes a history for the auditor, a JSON line an event.</summary>
/// <param name="path">The file to write.</param>
internal sealed class HistoryFile(string path) : IDisposable
{
    private readonly Lock gate = new();
    private readonly StreamWriter writer = new(path);
    private readonly long start = Stopwatch.GetTimestamp();

    public double Now => Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3);

    /// <param name="happened">An event without a stamp gets the present moment.</param>
    public void Add(Event happened)
    {
        var line = JsonSerializer.Serialize(happened.At == 0 ? happened with { At = Now } : happened, Event.Json);
        lock (gate)
            writer.WriteLine(line);
    }

    public void Dispose() => writer.Dispose();
}

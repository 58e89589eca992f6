using JobService.Tests.Judges;

namespace JobService.Bench.Rows;

/// <summary>The suite's kill loop, longer.</summary>
internal static class KillRow
{
    public static async Task<Row> MeasureAsync(int kills)
    {
        var data = BenchService.NewDataFolder();
        try
        {
            using var loop = new KillLoop(data, kills, new Random(kills));
            var report = await loop.RunAsync();
            foreach (var wrong in report.Wrong.Take(20))
                await Console.Error.WriteLineAsync($"  {wrong}");
            return new Row(
                $"`kill -9` {report.Kills} times under load",
                $"**{report.Wrong.Count} broken promises** in {report.Accepted:n0} accepted jobs ({report.Unanswered} unanswered, {report.Witnessed:n0} seen to end before a kill)",
                "0 lost, 0 with two results",
                report is { Wrong.Count: 0, Accepted: > 0 });
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}

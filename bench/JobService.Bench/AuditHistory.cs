using JobService.Tests.Judges.Audit;

namespace JobService.Bench;

/// <summary>The suite's recorded run, longer.</summary>
internal static class AuditHistory
{
    public static async Task RecordAsync(string history, int kills, int nodes, string? program)
    {
        var data = BenchService.NewDataFolder();
        try
        {
            using var file = new HistoryFile(history);
            await new AuditRun(data, file, kills, nodes, new Random(kills), program).RecordAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}

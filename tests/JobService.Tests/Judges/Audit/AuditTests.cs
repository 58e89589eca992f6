using JobService.Auditor;

namespace JobService.Tests.Judges.Audit;

[Collection(JudgesAlone.Name)]
public sealed class AuditTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-audit-");

    [Fact]
    public async Task The_auditor_finds_no_broken_promise_after_two_kills_under_load()
    {
        var path = Path.Combine(data.FullName, "history.jsonl");

        using (var file = new HistoryFile(path))
            await new AuditRun(data, file, kills: 2, nodes: 1, new Random(20_261)).RecordAsync();

        var history = History.Read(await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken), stampDelay: 25);
        Assert.Empty(JobService.Auditor.Audit.Check(history).Select(finding => $"{finding.Promise}: {finding.Says} {string.Join('\n', finding.Proof.Select(line => line.Text))}"));
        Assert.Equal(2, history.All<Kill>().Count());
        Assert.NotEmpty(history.Calls);
        Assert.NotEmpty(history.All<Seen>());
        Assert.NotEmpty(history.All<CancelResponse>());
    }

    public void Dispose() => data.Delete(recursive: true);
}

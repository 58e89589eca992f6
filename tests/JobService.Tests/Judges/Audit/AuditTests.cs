using JobService.Auditor;

namespace JobService.Tests.Judges.Audit;

[Collection(JudgesAlone.Name)]
public sealed class AuditTests : IDisposable
{
    /// <summary>Milliseconds. This process, which is client and API too, holds the memory of the whole suite, and may stand still for a collection; <c>scripts/audit.sh</c> allows a tenth.</summary>
    private const double StampDelay = 250;

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-audit-");

    [Fact]
    public async Task The_auditor_finds_no_broken_promise_after_two_kills_under_load()
    {
        var path = Path.Combine(data.FullName, "history.jsonl");

        using (var file = new HistoryFile(path))
            await new AuditRun(data, file, kills: 2, nodes: 1, new Random(20_261)).RecordAsync();

        var history = History.Read(await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken), StampDelay);
        var broken = string.Join('\n', JobService.Auditor.Audit.Check(history).Select(finding => $"{finding.Promise}: {finding.Says}\n{string.Join('\n', finding.Proof.Select(line => line.Text))}"));
        Assert.True(broken.Length == 0, broken);
        Assert.Equal(2, history.All<Kill>().Count());
        Assert.NotEmpty(history.Calls);
        Assert.NotEmpty(history.All<Seen>());
        Assert.NotEmpty(history.All<CancelResponse>());
    }

    public void Dispose() => data.Delete(recursive: true);
}

using JobService.Tests.Support;

namespace JobService.Tests.Judges;

[Collection(JudgesAlone.Name)]
public sealed class CrashTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-crash-");

    [Fact]
    public async Task Every_accepted_job_has_exactly_one_result_after_four_kills_under_load()
    {
        using var loop = new KillLoop(data, kills: 4, new Random(20_261));

        var report = await loop.RunAsync();

        Assert.Empty(report.Wrong);
        Assert.NotEqual(0, report.Accepted);
        Assert.NotEqual(0, report.Witnessed);
    }

    [Fact]
    public async Task The_same_holds_on_PostgreSQL()
    {
        using var loop = new KillLoop(data, kills: 4, new Random(20_262), PostgresFixture.Settings());

        var report = await loop.RunAsync();

        Assert.Empty(report.Wrong);
        Assert.NotEqual(0, report.Accepted);
        Assert.NotEqual(0, report.Witnessed);
    }

    public void Dispose() => data.Delete(recursive: true);
}

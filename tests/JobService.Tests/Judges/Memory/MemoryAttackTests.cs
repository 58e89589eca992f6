using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

/// <summary>The whole process stays below 1 GB, whatever is sent. <c>scripts/memory.sh</c> says how much it takes.</summary>
[Collection(JudgesAlone.Name)]
public sealed class MemoryAttackTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-attack-");

    public void Dispose() => data.Delete(recursive: true);

    [Theory]
    [InlineData("results")]
    [InlineData("pages")]
    [InlineData("streams")]
    [InlineData("lists")]
    [InlineData("waits")]
    [InlineData("running")]
    [InlineData("puts")]
    [InlineData("headers")]
    [InlineData("bodies")]
    [InlineData("chunks")]
    [InlineData("deep")]
    [InlineData("callbacks")]
    [InlineData("crowd-results")]
    [InlineData("h2-bodies")]
    [InlineData("h2-views")]
    public async Task A_service_with_default_settings_stays_below_one_gigabyte(string attack)
    {
        await using var service = await JobServiceProcess.StartAsync(data, http2Port: FreePort.Next());

        await MemoryAttacks.All[attack].RunAsync(service, TestContext.Current.CancellationToken);

        Assert.InRange(service.PeakMemory, 1, MemoryAttacks.Most);
    }
}

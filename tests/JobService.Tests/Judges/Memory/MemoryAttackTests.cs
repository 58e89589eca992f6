using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

/// <summary>Each budget is asked, and the guard sees what no budget counts: with all of them at their least the process stays far below what it would take without.</summary>
/// <remarks><c>scripts/memory.sh</c> says how much it takes with the settings as shipped, under attacks of their size: less than 1 GB.</remarks>
[Collection(JudgesAlone.Name)]
public sealed class MemoryAttackTests : IDisposable
{
    private static readonly MemoryAttacks attacks = new(AttackSize.Small);

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
    [InlineData("fields")]
    [InlineData("bodies")]
    [InlineData("chunks")]
    [InlineData("deep")]
    [InlineData("callbacks")]
    [InlineData("crowd-results")]
    [InlineData("h2-bodies")]
    [InlineData("h2-views")]
    public async Task The_process_stays_within_its_bounds(string attack)
    {
        await using var service = await JobServiceProcess.StartAsync(data, AttackSize.Small.Settings, http2Port: FreePort.Next());

        await attacks.All[attack].RunAsync(service, TestContext.Current.CancellationToken);

        Assert.InRange(service.PeakMemory, 1, AttackSize.Small.Most);
    }
}

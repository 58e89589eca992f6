using JobService.Tests.Support;

namespace JobService.Tests.Docs;

/// <summary>docs/limiters.md names for each limiter the limit that scripts/limiters.sh measures.</summary>
public sealed class LimiterDocTests
{
    [Fact]
    public void Each_limiter_stands_in_the_table_with_the_limit_it_is_measured_with()
    {
        var lines = File.ReadAllLines(Path.Combine(LimiterRig.Folder, "..", "..", "docs", "limiters.md"));

        Assert.NotEmpty(LimiterRig.All);
        Assert.All(LimiterRig.All, rig =>
        {
            Assert.Single(lines, line => line.StartsWith($"| {rig.Of} | {rig.TextOf(rig.Limit)} |", StringComparison.Ordinal));
            Assert.Single(lines, line => line.StartsWith($"| {rig.Of} | {rig.Counts} |", StringComparison.Ordinal));
        });
    }
}

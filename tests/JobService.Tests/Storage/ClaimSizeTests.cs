using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>How much is claimed in one commit.</summary>
public sealed class ClaimSizeTests
{
    [Fact]
    public void Less_is_claimed_before_a_commit_outlasts_the_slots_of_others_and_more_again_when_there_is_time()
    {
        var size = new ClaimSize();
        Assert.Equal(512, size.Jobs);

        // A commit takes 0.2 ms for each start of a wide queue, as on a busy machine: 512 of them come too late for any slot.
        var lasted = new List<long>();
        for (var commit = 0; commit < 100; commit++)
        {
            lasted.Add(size.Jobs * TimeSpan.FromMilliseconds(0.2).Ticks);
            size.Add(lasted[^1]);
        }

        Assert.True(lasted[0] > DelayEstimate.Most);
        Assert.All(lasted.Skip(3), ticks => Assert.InRange(ticks, DelayEstimate.Most / 8, DelayEstimate.Most / 2));

        for (var commit = 0; commit < 20; commit++)
            size.Add(TimeSpan.FromMilliseconds(1).Ticks);
        Assert.Equal(512, size.Jobs);

        for (var commit = 0; commit < 20; commit++)
            size.Add(TimeSpan.FromSeconds(1).Ticks);
        Assert.Equal(32, size.Jobs);
    }
}

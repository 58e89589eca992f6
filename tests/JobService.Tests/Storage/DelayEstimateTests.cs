using JobService.Ledger;

namespace JobService.Tests.Storage;

public sealed class DelayEstimateTests
{
    private readonly DelayEstimate times = new();

    [Fact]
    public void Slots_lie_behind_all_but_the_slowest_commits()
    {
        for (var i = 0; i < 128; i++)
            Add(milliseconds: i < 6 ? 3 : 1);

        Assert.Equal(3, LeadInMilliseconds);
    }

    [Fact]
    public void One_slow_commit_among_few_does_not_keep_every_slot_away()
    {
        Add(45);
        for (var i = 0; i < 31; i++)
            Add(1);

        Assert.Equal(4, LeadInMilliseconds);
    }

    [Theory]
    [InlineData(0.1, 0.5)]
    [InlineData(400, 50)]
    public void It_stays_within_its_bounds(double commit, double lead)
    {
        for (var i = 0; i < 16; i++)
            Add(commit);

        Assert.Equal(lead, LeadInMilliseconds);
    }

    private double LeadInMilliseconds => new TimeSpan(times.Lead).TotalMilliseconds;

    private void Add(double milliseconds) => times.Add(TimeSpan.FromMilliseconds(milliseconds).Ticks);
}

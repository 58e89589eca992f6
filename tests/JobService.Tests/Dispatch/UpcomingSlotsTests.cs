using CsCheck;
using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class UpcomingSlotsTests
{
    private const long Frequency = 1_000_000_000;
    private const long Millisecond = Frequency / 1_000;

    [Fact]
    public void Slots_come_in_the_order_of_their_moments_and_equal_ones_in_the_order_of_arrival() => Gen.Long[0, 20].Array[0, 60].Sample(moments =>
    {
        var upcoming = new UpcomingSlots(Frequency);
        var items = moments.Select((moment, index) => new Item(moment, index)).ToList();
        items.ForEach(item => upcoming.Add(item.Moment, item));

        var handedOut = new List<Item>();
        while (upcoming.NextDue(20) is Item due)
            handedOut.Add(due);

        Assert.Equal(items.OrderBy(item => item.Moment).ThenBy(item => item.Index), handedOut);
    });

    [Fact]
    public void Nothing_is_due_a_tick_before_its_moment()
    {
        var upcoming = new UpcomingSlots(Frequency);
        var item = new Item(500, 0);
        upcoming.Add(500, item);

        Assert.Null(upcoming.NextDue(499));
        Assert.Same(item, upcoming.NextDue(500));
        Assert.Null(upcoming.NextDue(500));
    }

    [Fact]
    public void Only_a_slot_that_is_now_the_first_shortens_the_wait()
    {
        var upcoming = new UpcomingSlots(Frequency);

        Assert.True(upcoming.Add(50, new Item(50, 0)));
        Assert.False(upcoming.Add(60, new Item(60, 1)));
        Assert.False(upcoming.Add(50, new Item(50, 2)));
        Assert.True(upcoming.Add(40, new Item(40, 3)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-5_000_000, 0)]
    [InlineData(1_040_000, 1)]
    [InlineData(1_060_000, 2)]
    [InlineData(20_000_000, 20)]
    [InlineData(long.MaxValue, 60_000)]
    public void The_wait_is_rounded_up_but_for_what_the_kernel_adds(long moment, int milliseconds)
    {
        var upcoming = new UpcomingSlots(Frequency);
        upcoming.Add(moment, new Item(moment, 0));

        Assert.Equal(milliseconds, upcoming.MillisecondsToNext(0));
    }

    [Fact]
    public void A_slot_is_never_more_than_a_millisecond_past_when_the_wait_ends() => Gen.Long[0, 50 * Millisecond].Sample(moment =>
    {
        var upcoming = new UpcomingSlots(Frequency);
        upcoming.Add(moment, new Item(moment, 0));

        var end = upcoming.MillisecondsToNext(0) * Millisecond;

        Assert.InRange(end - moment, -50_000, Millisecond - 50_000);
    });

    [Fact]
    public void Without_slots_the_wait_has_no_end() => Assert.Equal(Timeout.Infinite, new UpcomingSlots(Frequency).MillisecondsToNext(0));

    private sealed record Item(long Moment, int Index) : IThreadPoolWorkItem
    {
        public void Execute()
        {
        }
    }
}

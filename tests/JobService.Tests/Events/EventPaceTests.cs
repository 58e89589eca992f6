using JobService.Events;

namespace JobService.Tests.Events;

/// <summary>However many streams there are, all together cost about the same.</summary>
public sealed class EventPaceTests
{
    [Theory]
    [InlineData(1, 4, 512)]
    [InlineData(100, 100, 163)]
    [InlineData(1_000, 1_000, 64)]
    [InlineData(100_000, 1_000, 64)]
    public void Many_streams_are_served_more_seldom_and_get_less(int streams, int milliseconds, int events)
    {
        var pace = EventPace.For(streams);

        Assert.Equal((TimeSpan.FromMilliseconds(milliseconds), events), (pace.Interval, pace.PageSize));
    }

    [Fact]
    public void Few_streams_may_catch_up_with_a_whole_ring_and_many_are_never_far_behind()
    {
        Assert.True(EventPace.For(10).MaxBehind > 8_192);
        Assert.Equal(4 * 64, EventPace.For(1_000).MaxBehind);
    }
}

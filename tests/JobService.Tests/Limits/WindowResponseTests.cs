using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>An answer shows that the API had counted the call.</summary>
public sealed class WindowResponseTests
{
    private const long Begin = WindowStory.Begin;
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    [Fact]
    public void What_waits_for_a_call_that_was_answered_goes_a_period_behind_the_answer()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 2 });
        limit.Take(Begin, 1);
        limit.Take(Begin, 1);

        Assert.True(limit.Responded(Begin, 1, Begin + Millisecond));

        Assert.Equal(Begin + Millisecond + Second, limit.EarliestAt(Begin, 1));
        Assert.Equal(Begin + (7 * Millisecond) + (Millisecond / 2) + Second, limit.EarliestAt(Begin, 2));
    }

    [Theory]
    [InlineData(0, 1, 7.5)] // no sooner than it is assumed anyway
    [InlineData(0, 2, 1)] // more than it took
    [InlineData(1, 1, 1)] // another slot than it had
    public void An_answer_that_tells_nothing_new_changes_nothing(int otherSlot, int weight, double milliseconds)
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 1 });
        limit.Take(Begin, 1);
        var before = limit.EarliestAt(Begin, 1);

        Assert.False(limit.Responded(Begin + otherSlot, weight, Begin + (long)(milliseconds * Millisecond)));
        Assert.Equal(before, limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void What_waits_for_a_call_that_took_unusually_long_goes_a_period_behind_its_answer()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 1 });
        Call(limit, Begin, took: 2 * Millisecond);
        var at = limit.EarliestAt(Begin, 1);

        Assert.True(Call(limit, at, took: 40 * Millisecond));

        Assert.Equal(at + (40 * Millisecond) + Second, limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void Of_an_api_that_is_slow_the_ordinary_time_costs_a_twentieth_of_a_period_once_and_then_next_to_nothing()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 1 });
        var at = Begin;
        for (var call = 0; call < 1_000; call++)
        {
            Call(limit, at, took: 100 * Millisecond);
            if (call == 0)
                Assert.Equal(at + Second + (115 * Millisecond / 2), limit.EarliestAt(at, 1));
            if (call == 999)
                Assert.InRange(limit.EarliestAt(at, 1) - at - Second, 15 * Millisecond / 2, 8 * Millisecond);
            at = limit.EarliestAt(at, 1);
        }
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(10, 20)]
    [InlineData(10, 200)]
    public void An_api_that_takes_now_long_and_now_short_costs_less_than_a_hundredth(int permits, int onAverage)
    {
        const int Windows = 1_000;
        var random = new Random(1);
        var limit = new WindowLimit(new WindowDefinition { Permits = permits });
        var answers = new PriorityQueue<(long At, long Took), long>();
        var at = Begin;
        for (var call = 0; call < Windows * permits; call++)
        {
            at = limit.EarliestAt(at, 1);
            while (answers.TryPeek(out var ended, out var endedAt) && endedAt <= at)
            {
                answers.Dequeue();
                limit.Responded(ended.At, 1, endedAt, new CallTime(ended.At, endedAt));
                at = limit.EarliestAt(at, 1);
            }

            limit.Take(at, 1);
            var took = (long)(-Math.Log(1 - random.NextDouble()) * onAverage * Millisecond);
            answers.Enqueue((at, took), at + took);
        }

        Assert.InRange(Windows * (double)Second / (at - Begin), 0.989, 1.001);
    }

    [Fact]
    public void A_clump_that_its_api_has_left_lying_is_moved_as_a_whole()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 10 });
        Call(limit, Begin, took: 2 * Millisecond);
        var at = Begin + Second - (100 * Millisecond);
        for (var call = 0; call < 9; call++)
            limit.Take(at, 1);
        for (var call = 0; call < 9; call++)
            Assert.True(limit.Responded(at, 1, at + (50 * Millisecond), new CallTime(at, at + (50 * Millisecond))));

        Assert.Equal(at + (50 * Millisecond) + Second, limit.EarliestAt(at + Second, 9));
    }

    [Fact]
    public void What_a_longer_period_has_spent_a_shorter_one_saves_anew()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 1, PeriodSeconds = 5 });
        Call(limit, Begin, took: Second);
        limit.Reconfigure(new WindowDefinition { Permits = 1 }, Begin + Second);
        var at = limit.EarliestAt(Begin + Second, 1);

        Assert.False(Call(limit, at, took: 40 * Millisecond));
    }

    private static bool Call(WindowLimit limit, long at, long took)
    {
        limit.Take(at, 1);
        return limit.Responded(at, 1, at + took, new CallTime(at, at + took));
    }
}

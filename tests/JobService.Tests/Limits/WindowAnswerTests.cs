using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>An answer shows that the API had counted the call.</summary>
public sealed class WindowAnswerTests
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

        Assert.True(limit.Answered(Begin, 1, Begin + Millisecond));

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

        Assert.False(limit.Answered(Begin + otherSlot, weight, Begin + (long)(milliseconds * Millisecond)));
        Assert.Equal(before, limit.EarliestAt(Begin, 1));
    }
}

using JobService.Dispatch;
using JobService.Limits;

namespace JobService.Tests.Dispatch;

/// <summary>T is 2 ms, the limit has no burst, and a call takes 1 ms.</summary>
public sealed class ResponseWatchTests
{
    private const long Begin = 639_000_000_000_000_000;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private static readonly StartPace pace = new(2 * Millisecond, 0);

    private readonly ResponseWatch answers = new();
    private long now = Begin;

    [Fact]
    public void Nothing_is_added_to_calls_that_an_api_has_left_lying()
    {
        Answer(calls: 50, took: 1);
        var starts = 0;
        for (var end = now + (20 * Millisecond); now < end; now += 2 * Millisecond)
        {
            if (answers.EarliestAt(now, pace) > now)
                continue;
            answers.Start(now, pace);
            starts++;
        }

        Assert.InRange(starts, 3, 4);
    }

    [Fact]
    public void It_goes_on_with_the_first_response_or_when_none_is_to_be_expected()
    {
        Answer(calls: 50, took: 1);
        var first = now;
        for (var call = 0; call < 4; call++)
            answers.Start(first + call, pace);
        now += 20 * Millisecond;
        Assert.True(answers.EarliestAt(now, pace) > now);

        Assert.True(answers.EarliestAt(first + (202 * Millisecond), pace) <= first + (202 * Millisecond));
        Assert.Equal(now, answers.End(first, now, pace));
        Assert.True(answers.EarliestAt(now, pace) <= now);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(300)]
    public void Calls_that_take_as_long_as_ever_hold_up_none(int took)
    {
        var underWay = new Queue<long>();
        var heldUp = 0;
        for (var call = 0; call < 2_000; call++, now += 2 * Millisecond)
        {
            while (underWay.TryPeek(out var oldest) && oldest + (took * Millisecond) <= now)
                answers.End(underWay.Dequeue(), oldest + (took * Millisecond), pace);
            heldUp += call > 200 && answers.EarliestAt(now, pace) > now ? 1 : 0;
            answers.Start(now, pace);
            underWay.Enqueue(now);
        }

        Assert.Equal(0, heldUp);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(40)]
    public void Calls_that_take_now_long_and_now_short_hold_up_hardly_any(int onAverage)
    {
        var random = new Random(1);
        var ends = new PriorityQueue<long, long>();
        var heldUp = 0;
        for (var call = 0; call < 10_000; call++, now += 2 * Millisecond)
        {
            while (ends.TryPeek(out var startedAt, out var end) && end <= now)
                answers.End(ends.Dequeue(), end, pace);
            heldUp += call > 200 && answers.EarliestAt(now, pace) > now ? 1 : 0;
            answers.Start(now, pace);
            ends.Enqueue(now, now + (long)(-Math.Log(1 - random.NextDouble()) * onAverage * Millisecond));
        }

        Assert.InRange(heldUp, 0, 100);
    }

    private void Answer(int calls, int took)
    {
        for (var call = 0; call < calls; call++, now += 2 * Millisecond)
        {
            answers.Start(now, pace);
            answers.End(now, now + (took * Millisecond), pace);
        }
    }
}

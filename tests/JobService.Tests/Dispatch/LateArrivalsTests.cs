using JobService.Dispatch;
using JobService.Limits;

namespace JobService.Tests.Dispatch;

/// <summary>T is 100 ms, the limit has no burst, and its API counts when calls arrive.</summary>
public sealed class LateArrivalsTests
{
    private const long Begin = 639_000_000_000_000_000;
    private const double Microseconds = TimeSpan.TicksPerMicrosecond;
    private const int Calls = 2_000;
    private static readonly StartPace pace = new(100 * TimeSpan.TicksPerMillisecond, 0);

    private readonly LateArrivals late = new();
    private readonly Random random = new(1);

    [Fact]
    public void A_call_that_was_held_up_on_its_way_keeps_its_distance_to_the_next()
    {
        var (leastGap, used) = Run(_ => random.Next(20) == 0 ? (random.Next(20_000), 400) : (300, 400));

        Assert.InRange(leastGap, 99, 100.5);
        Assert.InRange(used, 0.99, 1);
    }

    [Fact]
    public void While_a_short_call_has_no_response_the_next_one_waits()
    {
        var (leastGap, used) = Run(call => call % 200 == 100 ? (150_000, 400) : (300, 400));

        Assert.InRange(leastGap, 99, 100.5);
        Assert.InRange(used, 0.99, 1);
    }

    [Fact]
    public void A_start_that_is_late_within_its_window_counts_as_it_was()
    {
        late.Start(Begin, Begin, pace);
        late.End(Begin, At(1), pace);
        late.Start(At(108), At(100), pace);

        Assert.Equal(At(108), late.End(At(108), At(109), pace));
    }

    [Fact]
    public void The_first_call_of_all_is_waited_for_too()
    {
        late.Start(Begin, Begin, pace);

        Assert.Equal(At(200), late.EarliestAt(pace));
        Assert.Equal(At(90), late.End(Begin, At(90), pace));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(80)]
    [InlineData(500)]
    public void An_api_that_takes_now_long_and_now_short_costs_less_than_a_hundredth(int onAverage)
    {
        var (_, used) = Run(_ => (300, (int)(-Math.Log(1 - random.NextDouble()) * onAverage * 1_000)));

        Assert.InRange(used, 0.99, 1);
    }

    [Fact]
    public void Where_an_api_bears_a_burst_nothing_is_moved()
    {
        var bursts = pace with { Ahead = pace.Takes };
        late.Start(Begin, Begin, bursts);

        Assert.Equal(0, late.EarliestAt(bursts));
        Assert.Null(late.End(Begin, At(50), bursts));
    }

    /// <summary>Starts as early as is allowed; a call takes so many microseconds to its API, and so many more to its response.</summary>
    private (double LeastGapMilliseconds, double Used) Run(Func<int, (int Way, int Back)> call)
    {
        var underWay = new PriorityQueue<long, long>();
        var (next, lastArrival, leastGap) = (Begin, 0L, long.MaxValue);
        for (var number = 0; number < Calls; number++)
        {
            while (underWay.TryPeek(out var startedAt, out var response) && response <= Math.Max(next, late.EarliestAt(pace)))
            {
                underWay.Dequeue();
                if (late.End(startedAt, response, pace) is { } counted)
                    next = Math.Max(next, counted + pace.Takes);
                next = Math.Max(next, response);
            }

            next = Math.Max(next, late.EarliestAt(pace));
            late.Start(next, next, pace);
            var (way, back) = call(number);
            var arrival = next + (long)(way * Microseconds);
            underWay.Enqueue(next, arrival + (long)(back * Microseconds));
            leastGap = Math.Min(leastGap, number > 0 ? arrival - lastArrival : leastGap);
            (lastArrival, next) = (arrival, next + pace.Takes);
        }

        return (leastGap / (double)TimeSpan.TicksPerMillisecond, Calls * (double)pace.Takes / (next - Begin));
    }

    private static long At(int milliseconds) => Begin + (milliseconds * TimeSpan.TicksPerMillisecond);
}

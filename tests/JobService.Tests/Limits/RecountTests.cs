using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A limit counts something else from now on, while calls are under way that the API has still to count.</summary>
public sealed class RecountTests
{
    private const long Begin = RateStory.Begin;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    [Fact]
    public void A_window_holds_what_calls_under_way_weigh_now_and_the_share_of_those_that_have_ended()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 10 });
        limit.Take(Begin, 1);
        limit.Take(Begin, 1);
        limit.Take(Begin, 2);

        limit.Reconfigure(new WindowDefinition { Permits = 20, Counts = "tokens" }, Begin);
        limit.Recount(Begin, before: 1, after: 7, isUnderWay: true, isHeld: true);
        limit.Recount(Begin, before: 1, after: 1, isUnderWay: true, isHeld: true);
        limit.Recount(Begin, before: 2, after: 9, isUnderWay: false, isHeld: false);

        Assert.Equal(7 + 1 + 4, limit.Taken(Begin));
    }

    [Fact]
    public void A_call_that_has_left_the_window_does_not_come_back()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 10 });
        limit.Take(Begin, 1);
        limit.Take(Begin + (2 * TimeSpan.TicksPerSecond), 1);

        limit.Reconfigure(new WindowDefinition { Permits = 10, Counts = "tokens" }, Begin + (2 * TimeSpan.TicksPerSecond));
        limit.Recount(Begin, before: 1, after: 7, isUnderWay: true, isHeld: true);

        Assert.Equal(1, limit.Taken(Begin + (2 * TimeSpan.TicksPerSecond)));
    }

    [Fact]
    public void A_rate_pays_back_what_calls_under_way_weigh_now()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 100, Burst = 4 });
        limit.Take(Begin, 1);
        limit.Take(Begin, 1);

        // The one that has ended is paid back at the same moment: 10 ms of the old pace. The other one takes 3 of 20 ms.
        limit.Reconfigure(new RateDefinition { Permits = 50, Burst = 4, Counts = "tokens" }, Begin);
        limit.Recount(Begin, before: 1, after: 1, isUnderWay: false, isHeld: false);
        limit.Recount(Begin, before: 1, after: 3, isUnderWay: true, isHeld: true);

        Assert.Equal(Begin + (70 * Millisecond), limit.TheoreticalArrival);
    }
}

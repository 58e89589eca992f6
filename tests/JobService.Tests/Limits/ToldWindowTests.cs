using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>What an API says is left, and the many ways of saying until when.</summary>
public sealed class ToldWindowTests
{
    private const long Begin = RateStory.Begin;
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    public static TheoryData<string, Limiting, Telling> Windows
    {
        get
        {
            var data = new TheoryData<string, Limiting, Telling>();
            foreach (var kind in (string[])["rate", "window"])
            {
                foreach (var limiting in (Limiting[])[Limiting.FirstCall, Limiting.Aligned])
                {
                    foreach (var telling in (Telling[])[Telling.Exactly, Telling.SecondsUp, Telling.EpochUp, Telling.EpochDown])
                        data.Add(kind, limiting, telling);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Windows))]
    public void However_an_API_rounds_its_limit_is_used_and_no_more_is_refused_than_when_it_is_told_exactly(string kind, Limiting limiting, Telling telling)
    {
        var refusedMore = 0;
        for (var seed = 0; seed < 10; seed++)
        {
            var (pace, refused) = Run(kind, limiting, telling, seed);
            Assert.True(pace >= 9.5, $"{pace:0.00}/s, seed {seed}");
            refusedMore += refused - Run(kind, limiting, Telling.Exactly, seed).Refused;
        }

        Assert.InRange(refusedMore, int.MinValue, 0);
    }

    [Fact]
    public void What_is_under_way_may_still_be_counted_and_is_not_let_out_again()
    {
        var limit = Taken(calls: 4);
        Tell(limit, call: 1, left: 5);

        Assert.Equal((2L, End), limit.BudgetAt(Begin)); // three are under way
        Tell(limit, call: 2, left: 4);
        Assert.Equal((2L, End), limit.BudgetAt(Begin));
        limit.Take(Begin, 2);
        Assert.True(limit.EarliestAt(Begin, 1) == Begin);
        limit.Take(Begin, 1);
        Assert.Equal(End, limit.EarliestAt(Begin, 1));
        Assert.Equal(0, limit.Available(Begin));
        Assert.Null(limit.BudgetAt(End));
    }

    [Fact]
    public void Responses_that_overtake_each_other_tell_the_same_as_in_their_order() => Gen.Shuffle(Enumerable.Range(1, 9).ToArray()).Sample(order =>
    {
        // The API counts in this order and its responses come in another one: of 20 calls nine are spent.
        var limit = Taken(calls: 9);
        foreach (var call in order.OrderBy(call => (call * 7) % 9))
            Tell(limit, call, left: 20 - Array.IndexOf(order, call) - 1);

        Assert.Equal((11L, End), limit.BudgetAt(Begin));
    });

    [Fact]
    public void A_call_that_tells_nothing_may_have_been_counted_and_one_that_was_not_made_was_not()
    {
        var limit = Taken(calls: 3);
        Tell(limit, call: 1, left: 5);
        limit.End(1, isCounted: true);
        Assert.Equal((3L, End), limit.BudgetAt(Begin));
        limit.End(1, isCounted: false);
        limit.TakeBack(Begin, 1);
        Assert.Equal((4L, End), limit.BudgetAt(Begin));
    }

    [Fact]
    public void More_is_left_than_before_only_in_another_window()
    {
        var limit = Taken(calls: 2);
        Tell(limit, call: 1, left: 1);
        limit.Take(Begin, 1);
        Tell(limit, call: 3, left: 9, until: End + Second);

        Assert.Equal((8L, End + Second), limit.BudgetAt(Begin));
    }

    [Fact]
    public void Less_is_left_than_was_called_where_others_call_too_and_then_the_later_end_counts()
    {
        var limit = Taken(calls: 2);
        Tell(limit, call: 1, left: 9);
        Tell(limit, call: 2, left: 3, until: End + Second);

        Assert.Equal((3L, End + Second), limit.BudgetAt(Begin));
    }

    [Fact]
    public void An_end_that_moves_faster_than_time_is_no_rounding()
    {
        // A bucket that says when it is full again.
        var limit = Taken(calls: 3);
        for (var call = 1; call <= 3; call++)
            Tell(limit, call, left: 9 - call, until: Begin + (call * 2 * Second));

        Assert.Equal((6L, Begin + (6 * Second)), limit.BudgetAt(Begin));
    }

    [Theory]
    [InlineData(10, 1, 0, 9)] // its own clump of a second ago, stretched on its way
    [InlineData(10, 2, 3, 9)]
    [InlineData(10, 1, 9, 9)] // a window that has begun anew
    [InlineData(20, 1, 1, 1)] // what it counts is not what the limit counts
    [InlineData(10, 30, 1, 1)] // nor is this
    public void Calls_of_a_window_before_that_an_api_still_counts_are_left_again_when_they_leave_the_limit(int whole, int resetSeconds, int told, int left)
    {
        var limit = LimitState.For(new WindowDefinition { Permits = 10 });
        for (var call = 0; call < 10; call++)
            limit.Take(Begin + (call * Millisecond), 1);
        for (var call = 0; call < 10; call++)
            limit.End(1, isCounted: false);
        var at = limit.EarliestAt(Begin, 1);
        limit.Take(at, 1);
        limit.End(1, isCounted: false);
        limit.Expect(limit.Calls, told, at + (resetSeconds * Second), at + Millisecond, whole, startedAt: at);

        Assert.Equal(left, limit.BudgetAt(at + Millisecond)?.Remaining);
    }

    [Fact]
    public void Calls_of_others_are_not_taken_for_calls_of_a_window_before()
    {
        var limit = LimitState.For(new WindowDefinition { Permits = 10 });
        for (var call = 0; call < 4; call++)
            limit.Take(Begin, 1);
        var at = Begin + (3 * Second);
        limit.Take(at, 1);
        limit.Expect(limit.Calls, left: 2, at + Second, at, whole: 10, startedAt: at);

        Assert.Equal(0, limit.BudgetAt(at)?.Remaining); // five of ours are under way
    }

    [Fact]
    public void Tokens_that_are_left_are_compared_with_the_weight_under_way_and_to_come()
    {
        var limit = LimitState.For(new WindowDefinition { Permits = 1_000, PeriodSeconds = 60 });
        limit.Take(Begin, 100);
        limit.Take(Begin, 200);
        limit.End(100, isCounted: false);
        limit.Expect(1, left: 500, End, Begin, whole: 1_000, inWeight: true);

        Assert.Equal((300L, End), limit.WeightBudgetAt(Begin));
        Assert.Null(limit.BudgetAt(Begin));
        Assert.Equal(Begin, limit.EarliestAt(Begin, 300));
        Assert.Equal(End, limit.EarliestAt(Begin, 301));
    }

    private static readonly long End = Begin + (20 * Second);

    private static LimitState Taken(int calls)
    {
        var limit = LimitState.For(new WindowDefinition { Permits = 1_000, PeriodSeconds = 60 });
        for (var call = 0; call < calls; call++)
            limit.Take(Begin, 1);
        return limit;
    }

    private static void Tell(LimitState limit, long call, long left, long? until = null)
    {
        limit.End(1, isCounted: false);
        limit.Expect(call, left, until ?? End, Begin);
    }

    private static (double Pace, int Refused) Run(string kind, Limiting limiting, Telling telling, int seed)
    {
        const int Calls = 400;
        var random = new Random(seed);
        var limit = LimitState.For(kind == "rate" ? new RateDefinition { Permits = 10 } : new WindowDefinition { Permits = 10 });
        var api = new ApiLimiter(limiting);
        var events = new PriorityQueue<Action, long>();
        var now = Begin + random.NextInt64(Second);
        var (first, last) = (now, now);
        var left = Calls;
        while (left > 0 || events.Count > 0)
        {
            var at = left > 0 ? limit.EarliestAt(now, 1) : LimitState.Never;
            if (events.TryPeek(out var happens, out var moment) && moment <= at)
            {
                now = Math.Max(now, moment);
                events.Dequeue();
                happens();
                continue;
            }

            now = Math.Max(now, at);
            limit.Take(now, 1);
            left--;
            var (call, slot) = (limit.Calls, now);
            var arrives = now + random.NextInt64(2 * Millisecond);
            events.Enqueue(() =>
            {
                var (ok, remaining, end) = api.Call(arrives);
                var back = arrives + random.NextInt64(3 * Millisecond);
                if (ok)
                    last = arrives;
                events.Enqueue(() => Answer(ok, remaining, end, arrives, back), back);

                void Answer(bool accepted, int remaining, long end, long saidAt, long readAt)
                {
                    var told = ApiLimiter.Tell(telling, end, saidAt, readAt);
                    limit.End(1, isCounted: false);
                    if (accepted)
                    {
                        limit.Responded(slot, 1, readAt);
                        if (told is { } until)
                            limit.Expect(call, remaining, until, readAt);
                        return;
                    }

                    left++;
                    limit.PauseUntil(told ?? readAt + Second);
                }
            }, arrives);
        }

        return ((Calls - 1) / ((last - first) / (double)Second), api.Refused);
    }
}

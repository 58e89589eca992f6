using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class LearnedPaceTests
{
    private const long Begin = RateStory.Begin;
    private const long Second = TimeSpan.TicksPerSecond;

    private static readonly LimitDefinition[] kinds =
    [
        new RateDefinition { Permits = 10, Burst = 5 },
        new WindowDefinition { Permits = 10 },
        new ConcurrencyDefinition { Permits = 10 },
    ];

    public static TheoryData<int> EveryKind => [0, 1, 2];

    [Theory]
    [MemberData(nameof(EveryKind))]
    public void Refusals_halve_the_pace_once_per_round_trip_and_pause_twice_as_long_each_time(int kind)
    {
        var limit = LimitState.For(kinds[kind]);
        var now = Begin;
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 32 })
        {
            now += TimeSpan.TicksPerMillisecond;
            limit.SlowDown(now - 1, now);
            var after = Math.Max(1.0 / 64, 0.5 / seconds);
            Assert.InRange(limit.FactorAt(now), after, after + 0.001);
            Assert.InRange(limit.PausedUntil - now, 0.99 * seconds * Second, seconds * Second);

            var (factor, paused) = (limit.FactorAt(now), limit.PausedUntil);
            limit.SlowDown(now - 1, now + 5);
            limit.SlowDown(Begin, now + 5);
            Assert.Equal(factor, limit.FactorAt(now));
            Assert.Equal(paused, limit.PausedUntil);
        }
    }

    [Theory]
    [MemberData(nameof(EveryKind))]
    public void The_pace_comes_back_evenly_within_five_minutes(int kind)
    {
        var limit = LimitState.For(kinds[kind]);
        Assert.Equal(1, limit.FactorAt(Begin));
        SlowAgain(limit);

        Assert.Equal(0.5, limit.FactorAt(Begin));
        Assert.Equal(0.75, limit.FactorAt(Begin + (75 * Second)), 9);
        Assert.Equal(1, limit.FactorAt(Begin + (150 * Second)));
        Assert.Equal(Begin + (150 * Second), limit.RestsAt);
    }

    [Theory]
    [MemberData(nameof(EveryKind))]
    public void After_the_first_refusal_and_behind_a_hundred_calls_without_one_it_comes_back_ten_times_as_fast(int kind)
    {
        var limit = LimitState.For(kinds[kind]);
        limit.SlowDown(Begin, Begin + 1);
        Assert.Equal(0.75, limit.FactorAt(Begin + 1 + (15 * Second / 2)), 9);
        Assert.Equal(1, limit.FactorAt(Begin + 1 + (15 * Second)));

        // The next one comes too soon for that; a hundred calls later the pace is trusted again.
        limit.SlowDown(Begin + 2, Begin + (20 * Second));
        Assert.Equal(0.5 + (30 / 300.0), limit.FactorAt(Begin + (50 * Second)), 9);
        Call(limit, 100, Begin + (50 * Second));
        Assert.InRange(limit.FactorAt(Begin + (60 * Second)), 0.9, 1);

        var restored = LimitState.For(kinds[kind]);
        restored.Restore(limit.ToStored(), Begin + (60 * Second));
        Assert.Equal(limit.FactorAt(Begin + (55 * Second)), restored.FactorAt(Begin + (55 * Second)), 9);
        Assert.Equal(limit.FactorAt(Begin + (60 * Second)), restored.FactorAt(Begin + (60 * Second)), 9);
    }

    [Fact]
    public void One_refusal_at_the_start_of_a_short_run_costs_a_fifth_of_it_at_most()
    {
        // Two calls have crowded each other on their way to an API without a burst.
        var limit = LimitState.For(new RateDefinition { Permits = 10 });
        var at = Begin;
        for (var call = 1; call <= 200; call++)
        {
            at = limit.EarliestAt(at, 1);
            limit.Take(at, 1);
            if (call == 2)
                limit.SlowDown(at, at + TimeSpan.TicksPerMillisecond);
        }

        Assert.InRange((at - Begin) / (double)Second, 20, 25);
    }

    /// <summary>Refuses a call while the refusal before it is no hundred calls old.</summary>
    private static void SlowAgain(LimitState limit)
    {
        limit.SlowDown(Begin - (21 * Second), Begin - (20 * Second));
        limit.SlowDown(Begin - 1, Begin);
    }

    private static void Call(LimitState limit, int calls, long at = Begin)
    {
        for (var call = 0; call < calls; call++)
        {
            limit.Take(at, 1);
            limit.End(1, isCounted: true);
            limit.TakeBack(at, 1);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Starts_are_spaced_while_the_limit_is_slow_and_free_again_afterwards(int kind)
    {
        var limit = LimitState.For(kinds[kind]);
        SlowAgain(limit);
        var first = limit.EarliestAt(Begin, 1);
        Assert.Equal(Begin + Second, first);

        limit.Take(first, 2);
        var gap = limit.EarliestAt(first, 1) - first;
        Assert.InRange(gap, (long)(0.39 * Second), (long)(0.4 * Second));

        limit.TakeBack(first, 2);
        Assert.Equal(first, limit.EarliestAt(Begin, 1));
        Assert.Equal(5, limit.Available(Begin + (150 * Second)) / (kind + 1));
    }

    [Fact]
    public void No_gap_outlasts_the_recovery()
    {
        var monthly = new WindowLimit(new WindowDefinition { Permits = 100, PeriodSeconds = 2_592_000 });
        SlowAgain(monthly);
        monthly.Take(monthly.EarliestAt(Begin, 50), 50);

        Assert.Equal(Begin + (150 * Second), monthly.EarliestAt(Begin, 50));
    }

    [Fact]
    public void Fewer_calls_at_once_while_the_limit_is_slow_and_what_is_too_heavy_goes_alone()
    {
        var limit = LimitState.For(kinds[2]);
        SlowAgain(limit);
        var start = limit.EarliestAt(Begin, 9);
        Assert.Equal(Begin + Second, start);
        Assert.Equal(5, limit.Available(start));

        limit.Take(start, 5);
        Assert.Equal(0, limit.Available(start));
        Assert.Equal(Begin + (30 * Second), limit.EarliestAt(start, 1));
        Assert.Equal(1, limit.Available(Begin + (30 * Second)));
        Assert.Equal(0, limit.Available(Begin + (30 * Second) - 1));
        Assert.Equal(LimitState.Never, limit.EarliestAt(start, 6));
    }

    [Fact]
    public void A_slow_limit_lets_a_call_more_through_exactly_when_it_says_that_one_is_available() => Gen.Select(Gen.Int[2, 999], Gen.Int[1, 998]).Sample(
        (permits, held) =>
        {
            var limit = LimitState.For(new ConcurrencyDefinition { Permits = permits });
            limit.Take(Begin, held = Math.Min(held, permits - 1));
            limit.SlowDown(Begin - 1, Begin);

            var at = limit.EarliestAt(Begin, 1);
            Assert.InRange(limit.Available(at), 1, permits);
            Assert.True(at == Begin + Second || limit.Available(at - 1) == 0);
        });

    [Fact]
    public void Silly_budgets_do_no_harm() => Gen.Select(Gen.Long, Gen.Int, Gen.Long).Sample((call, remaining, until) =>
    {
        var limit = LimitState.For(kinds[0]);
        limit.Take(Begin, 1);
        limit.Expect(call, remaining, until, Begin);

        Assert.InRange(limit.EarliestAt(Begin, 1), Begin, DateTime.MaxValue.Ticks);
        Assert.InRange(limit.BudgetAt(Begin)?.Remaining ?? 0, 0, int.MaxValue);
    });

    [Theory]
    [MemberData(nameof(EveryKind))]
    public void What_was_learned_survives_the_store(int kind)
    {
        var limit = LimitState.For(kinds[kind]);
        limit.SlowDown(Begin - 1, Begin);
        limit.SlowDown(Begin + 1, Begin + Second);
        var at = limit.EarliestAt(Begin, 1);
        limit.Take(at, 1);

        var restored = LimitState.For(kinds[kind]);
        restored.Restore(limit.ToStored(), at);

        Assert.Equal(limit.ToStored(), restored.ToStored());
        Assert.Equal(limit.FactorAt(at + Second), restored.FactorAt(at + Second));
        restored.SlowDown(Begin + 5, at);
        Assert.Equal(limit.ToStored(), restored.ToStored());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-3)]
    [InlineData(0)]
    [InlineData(7)]
    public void A_damaged_row_stops_nothing_for_long(double factor)
    {
        foreach (var kind in kinds)
        {
            var limit = LimitState.For(kind);
            limit.Restore(new StoredLimit(0, 0, factor, long.MaxValue / 2, long.MaxValue / 2), Begin);
            Assert.InRange(limit.EarliestAt(Begin, 1), Begin, Begin + (300 * Second));
            Assert.Equal(1, limit.FactorAt(Begin + (300 * Second)));
        }
    }

    [Fact]
    public void A_new_pace_keeps_what_was_learned_and_shortens_the_gap()
    {
        var limit = LimitState.For(new RateDefinition { Permits = 1, PeriodSeconds = 60 });
        SlowAgain(limit);
        var at = limit.EarliestAt(Begin, 1);
        limit.Take(at, 1);
        limit.Reconfigure(new RateDefinition { Permits = 60, PeriodSeconds = 60 }, at);

        Assert.InRange(limit.EarliestAt(at, 1) - at, (long)(1.9 * Second), 2 * Second);
        Assert.InRange(limit.FactorAt(at), 0.5, 0.51);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Behind_others_at_a_slow_limit_the_moment_named_is_about_right(int kind) =>
        Gen.Select(Gen.Int[1, 1_500], Gen.Int[1, 4]).Sample(
            (ahead, refusals) =>
            {
                var limit = LimitState.For(kinds[kind]);
                for (var n = 1; n <= refusals; n++)
                    limit.SlowDown(Begin + (2 * n) - 1, Begin + (2 * n));

                var named = limit.EarliestAfter(Begin, ahead, 1);
                for (var n = 0; n < ahead; n++)
                    limit.Take(limit.EarliestAt(Begin, 1), 1);
                var at = limit.EarliestAt(Begin, 1);
                Assert.InRange(named - Begin, 0.9 * (at - Begin) - Second, (1.1 * (at - Begin)) + Second);
            },
            iter: 60);
}

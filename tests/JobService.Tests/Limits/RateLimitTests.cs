using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class RateLimitTests
{
    private const long Begin = RateStory.Begin;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    [Fact]
    public void No_window_holds_more_than_burst_plus_rate_times_its_length() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            var model = new RateModel(story.Definition);
            foreach (var (from, weight) in story.Asked())
            {
                var at = limit.EarliestAt(from, weight);
                limit.Take(at, weight);
                model.Add(at, weight);
            }

            Assert.Null(model.Overfull());
        },
        iter: 2_000);

    [Fact]
    public void No_window_holds_more_even_when_slots_are_handed_out_in_any_order() => Gen.Select(RateStory.Any, Gen.Double[0, 10].Array[40]).Sample(
        (story, ahead) =>
        {
            var limit = new RateLimit(story.Definition);
            var model = new RateModel(story.Definition);
            foreach (var ((from, weight), part) in story.Asked().Zip(ahead))
            {
                // Another limit of the job allows later: this slot lies ahead, the next one may lie before it.
                var at = limit.EarliestAt(from + (long)(part * model.Interval), weight);
                limit.Take(at, weight);
                model.Add(at, weight);
            }

            Assert.Null(model.Overfull());
        },
        iter: 2_000);

    [Fact]
    public void No_window_holds_more_when_slots_are_given_up_at_once_or_later() => Gen.Select(RateStory.Any, Gen.Int[0, 5].Array[40]).Sample(
        (story, fates) =>
        {
            var limit = new RateLimit(story.Definition);
            var model = new RateModel(story.Definition);
            var unused = new Queue<(long At, int Weight)>();
            foreach (var ((from, weight), fate) in story.Asked().Zip(fates))
            {
                var at = limit.EarliestAt(from, weight);
                limit.Take(at, weight);
                if (fate > 1)
                    model.Add(at, weight);
                else
                    unused.Enqueue((at, weight));
                if (fate is 0 or 5 && unused.TryDequeue(out var late))
                    limit.TakeBack(late.At, late.Weight);
            }

            Assert.Null(model.Overfull());
        },
        iter: 2_000);

    [Fact]
    public void The_slot_handed_out_last_can_be_handed_out_again()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 10 });
        var at = limit.EarliestAt(Begin, 1);
        limit.Take(at, 1);

        limit.TakeBack(at, 1);

        Assert.Equal(at, limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void The_moment_named_is_the_earliest_there_is() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            var model = new RateModel(story.Definition);
            foreach (var (from, weight) in story.Asked())
            {
                var at = limit.EarliestAt(from, weight);
                Assert.True(at >= from);
                Assert.True(model.Allows(at, weight));
                Assert.True(at == from || !model.Allows(at - 1, weight), "a tick earlier was allowed too");
                limit.Take(at, weight);
                model.Add(at, weight);
            }
        },
        iter: 2_000);

    [Fact]
    public void Slots_never_run_backwards() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            var last = 0L;
            foreach (var (from, weight) in story.Asked())
            {
                if (weight == 3)
                    limit.PauseUntil(from + Millisecond);

                var at = limit.EarliestAt(from, weight);
                Assert.True(at >= last);
                limit.Take(last = at, weight);
            }
        },
        iter: 2_000);

    [Fact]
    public void With_work_always_waiting_the_nth_slot_lies_exactly_n_intervals_after_the_burst() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            var interval = new RateModel(story.Definition).Interval;
            for (var n = 1; n <= 200; n++)
            {
                var at = limit.EarliestAt(Begin, 1);
                Assert.Equal(Begin + (Math.Max(0, n - story.Definition.Burst) * interval), at);
                limit.Take(at, 1);
            }
        },
        iter: 200);

    [Fact]
    public void What_is_heavier_than_the_burst_never_fits() =>
        Assert.Equal(LimitState.Never, Limit(permits: 10, burst: 3).EarliestAt(Begin, 4));

    [Theory]
    [InlineData(1, 2_592_000, 1_000_000)]
    [InlineData(1_000_000, 0.001, 1_000_000)]
    [InlineData(1, 0.001, 1)]
    public void The_extremes_of_what_may_be_configured_stay_in_range(int permits, double periodSeconds, int burst)
    {
        var limit = Limit(permits, periodSeconds, burst);
        var last = Begin;
        for (var n = 0; n < 10_000; n++)
        {
            var weight = 1 + (n * 97 % burst);
            var at = limit.EarliestAt(last, weight);
            if (at > DateTime.MaxValue.Ticks / 2)
                continue;

            Assert.True(at >= last);
            limit.Take(last = at, weight);
            Assert.InRange(limit.TheoreticalArrival, at, DateTime.MaxValue.Ticks);
        }
    }

    [Theory]
    [InlineData(500, 1, 2.5)]
    [InlineData(300, 1, 1.1111)]
    [InlineData(250, 1, 1.3333)]
    [InlineData(501, 1, 2.5)]
    [InlineData(200, 1, 1)]
    [InlineData(100, 1, 1)]
    [InlineData(50, 1, 2)]
    [InlineData(20, 1, 0.5)]
    [InlineData(10, 1, 0.5)]
    [InlineData(500, 60, 0.6)]
    [InlineData(1, 60, 50)]
    [InlineData(90_000, 60, 25)]
    [InlineData(10, 0.1, 1)]
    [InlineData(1_000, 0.1, 2)]
    public void The_start_window_is_a_small_part_of_the_period_and_of_the_gap(int permits, double periodSeconds, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Limit(permits, periodSeconds).StartWindow);

    [Fact]
    public void A_burst_takes_up_what_a_late_start_crowds() =>
        Assert.Equal(TimeSpan.FromMilliseconds(5), new RateLimit(new RateDefinition { Permits = 10, Burst = 2 }).StartWindow);

    [Fact]
    public void A_pause_holds_until_its_end_and_an_earlier_one_does_not_shorten_it()
    {
        var limit = Limit(permits: 10, burst: 5);
        limit.PauseUntil(Begin + 700);
        limit.PauseUntil(Begin + 300);

        Assert.Equal(Begin + 700, limit.EarliestAt(Begin, 1));
        Assert.Equal(0, limit.Available(Begin));
        Assert.Equal(5, limit.Available(Begin + 700));
    }

    [Fact]
    public void A_restored_state_is_never_further_ahead_than_the_tolerance_plus_one_weight() =>
        Gen.Select(RateStory.Any, Gen.Long[-1_000_000_000_000, 1_000_000_000_000]).Sample(
            (story, ahead) =>
            {
                var limit = new RateLimit(story.Definition);
                var interval = new RateModel(story.Definition).Interval;
                var cap = ((2 * story.Definition.Burst) - 1) * interval;

                limit.Restore(new StoredLimit(Begin + ahead, 0, 1, 0, 0), Begin);

                Assert.Equal(Begin + Math.Min(ahead, cap), limit.TheoreticalArrival);
                Assert.InRange(limit.EarliestAt(Begin, story.Definition.Burst), Begin, Begin + cap);
            });

    [Fact]
    public void What_a_restart_restores_goes_on_as_if_nothing_had_happened() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            foreach (var (from, weight) in story.Asked())
            {
                var restored = new RateLimit(story.Definition);
                restored.Restore(limit.ToStored(), from);
                var at = limit.EarliestAt(from, weight);

                // Only what was handed out for later than now may be cut, and it was: slots of a process that is gone.
                if (limit.TheoreticalArrival <= from + (story.Definition.Burst * new RateModel(story.Definition).Interval))
                    Assert.Equal(at, restored.EarliestAt(from, weight));

                limit.Take(at, weight);
            }
        });

    [Theory]
    [InlineData(1, 3_600, 50, 1, 10)]
    [InlineData(50, 1, 1, 3_600, 1_800_000)]
    [InlineData(10, 1, 10, 1, 50)]
    public void A_new_pace_pays_the_same_weight_back_in_its_own_time(int permits, double period, int newPermits, double newPeriod, double milliseconds)
    {
        var limit = Limit(permits, period);
        limit.Take(Begin, 1);
        var halfPaid = Begin + (limit.TheoreticalArrival - Begin) / 2;

        Assert.True(limit.Reconfigure(new RateDefinition { Permits = newPermits, PeriodSeconds = newPeriod }, halfPaid));

        Assert.Equal(halfPaid + (long)(milliseconds * Millisecond), limit.EarliestAt(halfPaid, 1));
    }

    [Fact]
    public void A_larger_burst_does_not_forget_what_was_taken()
    {
        var limit = Limit(permits: 10, burst: 2);
        limit.Take(Begin, 2);

        limit.Reconfigure(new RateDefinition { Permits = 10, Burst = 5 }, Begin);

        Assert.Equal(3, limit.Available(Begin));
        Assert.Equal(2, limit.Taken(Begin));
    }

    [Fact]
    public void Another_kind_needs_another_state()
    {
        var limit = Limit(permits: 10);
        Assert.False(limit.Reconfigure(new ConcurrencyDefinition { Permits = 1 }, Begin));
        Assert.IsType<RateDefinition>(limit.Definition);
    }

    [Fact]
    public void What_is_said_to_be_available_may_start() => RateStory.Any.Sample(
        story =>
        {
            var limit = new RateLimit(story.Definition);
            foreach (var (from, weight) in story.Asked())
            {
                var available = (int)limit.Available(from);
                Assert.True(available == 0 || limit.EarliestAt(from, available) == from);
                Assert.True(limit.EarliestAt(from, available + 1) > from);
                limit.Take(limit.EarliestAt(from, weight), weight);
            }
        });

    private static RateLimit Limit(int permits, double periodSeconds = 1, int burst = 1) =>
        new(new RateDefinition { Permits = permits, PeriodSeconds = periodSeconds, Burst = burst });
}

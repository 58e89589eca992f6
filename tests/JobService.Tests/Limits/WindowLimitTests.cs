using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class WindowLimitTests
{
    private const long Begin = WindowStory.Begin;
    private const long Second = TimeSpan.TicksPerSecond;
    private const long Millisecond = TimeSpan.TicksPerMillisecond;

    [Fact]
    public void No_window_at_any_offset_holds_more_however_late_starts_are_and_whatever_is_given_back() => WindowStory.Any.Sample(
        story =>
        {
            var limit = new WindowLimit(story.Definition);
            var model = new WindowModel(story.Definition);
            var last = 0L;
            foreach (var (now, weight, step) in story.Asked())
            {
                var at = limit.EarliestAt(now + (long)(step.Ahead * model.Period), weight);
                Assert.True(at >= last, "a slot ran backwards");
                limit.Take(last = at, weight);
                var start = model.Add(at, weight, (long)(step.Late * model.Lateness));
                switch (step.Fate)
                {
                    case 0:
                        limit.TakeBack(at, weight);
                        model.Remove(start);
                        break;
                    case 1:
                        var earlier = model.Starts[step.Weight % model.Starts.Count];
                        if (earlier.IsAnswered)
                            break;
                        limit.TakeBack(earlier.Slot, earlier.Weight);
                        model.Remove(earlier);
                        break;
                    case 2:
                        // Less than was taken, for any call at any later time: the true weights keep the bound.
                        var cheap = model.Starts[step.Weight % model.Starts.Count];
                        if (cheap.IsAnswered)
                            break;
                        var trueWeight = (int)(cheap.Weight * step.Late);
                        limit.Correct(cheap.Slot, cheap.Weight, trueWeight, now);
                        (cheap.Weight, cheap.IsCorrected) = (trueWeight, true);
                        break;
                    case 3:
                        limit = Reopened(limit, at);
                        break;
                    case 4:
                        limit.SlowDown(at, at);
                        break;
                    case 5 or 6:
                        // The answer comes in the moment in which the API counts the call: what waits for it goes a period later, and not a tick more.
                        var answered = model.Starts[step.Weight % model.Starts.Count];
                        if (answered is { IsAnswered: false, IsCorrected: false } && limit.Responded(answered.Slot, answered.Weight, answered.At))
                            answered.IsAnswered = true;
                        break;
                }
            }

            Assert.Null(model.Overfull());
        },
        iter: 3_000);

    [Fact]
    public void The_moment_named_is_the_earliest_there_is() => WindowStory.Any.Sample(
        story =>
        {
            var limit = new WindowLimit(story.Definition);
            var model = new WindowModel(story.Definition);
            foreach (var (now, weight, step) in story.Asked())
            {
                var at = limit.EarliestAt(now, weight);
                Assert.True(at >= now);
                Assert.True(model.Allows(at, weight));
                Assert.True(at == now || !model.Allows(at - 1, weight), "a tick earlier was allowed too");
                Assert.Equal(at, Math.Max(now, limit.EarliestAt(0, weight)));
                limit.Take(at, weight);
                var start = model.Add(at, weight);
                if (step.Fate > 5)
                    continue;
                var answeredAt = at + (long)(step.Late * 2 * model.Lateness);
                Assert.Equal(answeredAt < start.CountedBy, limit.Responded(at, weight, answeredAt));
                start.CountedBy = Math.Min(start.CountedBy, answeredAt);
            }
        },
        iter: 2_000);

    [Fact]
    public void Other_numbers_hold_for_what_comes_and_what_the_log_still_knows() =>
        Gen.Select(WindowStory.Any, Gen.Int[1, 30], Gen.Double[0.1, 1]).Sample(
            (story, permits, shorter) =>
            {
                var limit = new WindowLimit(story.Definition);
                var other = new WindowDefinition { Permits = permits, PeriodSeconds = Math.Max(1, Math.Floor(story.Definition.PeriodSeconds * shorter * 1_000)) / 1_000 };
                var (model, after) = (new WindowModel(other), story.Steps.Length / 2);
                foreach (var (now, weight, step) in story.Asked())
                {
                    if (after-- == 0)
                        Assert.True(limit.Reconfigure(other, now));
                    var fits = Math.Min(weight, limit.Definition.Permits);
                    var at = limit.EarliestAt(now, fits);
                    Assert.True(after >= 0 || model.Allows(at, fits), "what was started before does not count any more");
                    limit.Take(at, fits);
                    model.Add(at, fits, (long)(step.Late * model.Lateness));
                }
            });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(1_000, 1)]
    [InlineData(500, 60)]
    [InlineData(3, 3_600)]
    public void With_work_always_waiting_at_least_99_percent_are_used(int permits, double periodSeconds)
    {
        var limit = Limit(permits, periodSeconds);
        var end = Begin + (long)(100 * periodSeconds * Second);
        var used = 0L;
        for (var at = limit.EarliestAt(Begin, 1); at < end; at = limit.EarliestAt(Begin, 1))
        {
            limit.Take(at, 1);
            used++;
        }

        Assert.InRange(used, 99L * permits, 100L * permits);
    }

    [Fact]
    public void After_a_rest_all_permits_are_there_again_and_the_state_is_as_new() => WindowStory.Any.Sample(
        story =>
        {
            var limit = new WindowLimit(story.Definition);
            foreach (var (now, weight, step) in story.Asked())
            {
                var at = limit.EarliestAt(now, weight);
                limit.Take(at, weight);
                if (step.Fate == 0)
                    limit.Correct(at, weight, weight + step.Weight, now);
                if (step.Fate == 1)
                    limit.TakeBack(at, weight);
                if (step.Fate == 2)
                    limit.SlowDown(at, at);
                if (step.Fate == 3)
                    limit.Expect(limit.Calls, step.Weight, at + Second, at);
            }

            var rested = limit.RestsAt;
            Assert.Equal(story.Definition.Permits, limit.Available(rested));
            Assert.Equal(rested, limit.EarliestAt(rested, story.Definition.Permits));
            Assert.Equal(1, limit.FactorAt(rested));
            Assert.Null(limit.BudgetAt(rested));
            var fresh = new WindowLimit(story.Definition);
            foreach (var (from, weight, _) in story.Asked().Select(asked => (asked.From - Begin + rested, asked.Weight, asked.Step)))
            {
                var at = fresh.EarliestAt(from, weight);
                Assert.Equal(at, limit.EarliestAt(from, weight));
                limit.Take(at, weight);
                fresh.Take(at, weight);
            }
        });

    [Fact]
    public void A_job_behind_others_goes_when_all_of_them_have_gone() =>
        Gen.Select(WindowStory.Any, Gen.Int[0, 100], Gen.Int[1, 30]).Sample((story, ahead, wanted) =>
        {
            var limit = new WindowLimit(story.Definition);
            var from = Begin;
            foreach (var (now, weight, _) in story.Asked())
                limit.Take(limit.EarliestAt(from = now, weight), weight);

            var last = Math.Min(wanted, story.Definition.Permits);
            var named = limit.EarliestAfter(from, ahead, last);

            for (var n = 0; n < ahead; n++)
                limit.Take(limit.EarliestAt(from, 1), 1);
            Assert.Equal(limit.EarliestAt(from, last), named);
        });

    [Fact]
    public void What_a_call_has_cost_more_blocks_from_now_on_until_it_has_left_the_window()
    {
        var limit = Limit(10, 1);
        limit.Take(Begin, 1);

        limit.Correct(Begin, 1, 1_000_000, Begin + (Second / 2));

        Assert.Equal(0, limit.Available(Begin + (Second / 2)));
        Assert.Equal(Begin + (Second / 2) + Second + (long)(7.5 * Millisecond), limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void What_a_call_has_cost_less_is_free_at_once()
    {
        var limit = Limit(10, 1);
        limit.Take(Begin, 8);

        limit.Correct(Begin, 8, 3, Begin + 10);

        Assert.Equal(7, limit.Available(Begin + 10));
        Assert.Equal([(Begin, 3)], limit.TakeChanges());
    }

    [Fact]
    public void Absurd_costs_stay_in_range()
    {
        var limit = Limit(1_000_000, 60);
        for (var n = 0; n < 5_000; n++)
            limit.Correct(Begin, 1, n % 2 == 0 ? int.MaxValue : int.MinValue, Begin);

        Assert.Equal(Begin + (60 * Second) + (50 * Millisecond), limit.EarliestAt(Begin, 1));
        Assert.All(limit.TakeChanges(), change => Assert.InRange(change.Weight, 0, int.MaxValue));
    }

    [Fact]
    public void A_weight_above_what_is_left_of_the_permits_goes_when_the_log_is_empty()
    {
        var limit = Limit(10, 1);
        limit.Take(Begin, 1);
        limit.Reconfigure(new WindowDefinition { Permits = 2 }, Begin);

        Assert.Equal(Begin + Second + (long)(7.5 * Millisecond), limit.EarliestAt(Begin, 7));
    }

    [Fact]
    public void A_slot_taken_back_leaves_no_earlier_one_behind_it_to_what_was_forgotten()
    {
        var limit = Limit(1, 1);
        limit.Take(Begin, 1);
        var far = Begin + (3 * Second);
        limit.Take(far, 1);

        limit.TakeBack(far, 1);

        Assert.Equal(far, limit.EarliestAt(Begin, 1));
        Assert.Equal(far, Reopened(limit, far).EarliestAt(Begin, 1));
    }

    [Theory]
    [InlineData(0.001, 1, 2)]
    [InlineData(0.2, 1, 2)]
    [InlineData(1, 2.5, 7.5)]
    [InlineData(6, 15, 45)]
    [InlineData(2_592_000, 50.0 / 3, 50)]
    public void The_start_window_is_a_third_of_what_the_arithmetic_allows_for(double periodSeconds, double milliseconds, double allowedFor)
    {
        var limit = Limit(1, periodSeconds);
        Assert.Equal((long)(milliseconds * Millisecond), limit.StartWindow.Ticks);
        limit.Take(Begin, 1);
        Assert.Equal(Begin + (long)(periodSeconds * Second) + (long)(allowedFor * Millisecond), limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void A_million_permits_are_not_quadratic()
    {
        var limit = Limit(1_000_000, 60);
        for (var n = 0; n < 2_500_000; n++)
        {
            // 33 000 a second, far more than a service can make.
            var at = limit.EarliestAt(Begin + (n * 300L), 1);
            limit.Take(at, 1);
            if (n % 10 == 0)
                limit.Correct(at, 1, 0, at);
            if (n % 10 == 5)
                limit.Responded(at, 1, at + Millisecond);
        }

        Assert.InRange(limit.Taken(limit.EarliestAt(Begin, 1)), 999_000, 1_000_000);
        Assert.InRange(limit.TakeChanges().Count, 1, 2_000_000);
    }

    private static WindowLimit Reopened(WindowLimit limit, long now)
    {
        var stored = limit.ToStored();
        var rows = Rows.GetValue(limit, static _ => []);
        var reopened = new WindowLimit((WindowDefinition)limit.Definition);
        foreach (var (at, weight) in limit.TakeChanges())
            rows[at] = weight;
        reopened.Restore(stored, Math.Max(now, stored.TakenUntil));
        foreach (var (at, weight) in rows.Where(row => row.Key >= limit.OldestNeeded))
            reopened.RestoreStart(at, weight);
        Rows.Add(reopened, rows);
        return reopened;
    }

    // What a store has of each state.
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<WindowLimit, SortedDictionary<long, int>> Rows = [];

    private static WindowLimit Limit(int permits, double periodSeconds) => new(new WindowDefinition { Permits = permits, PeriodSeconds = periodSeconds });
}

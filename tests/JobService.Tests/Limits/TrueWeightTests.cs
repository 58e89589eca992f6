using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>What calls of a rate have really cost. The window's are in <see cref="WindowLimitTests"/>.</summary>
public sealed class TrueWeightTests
{
    private const long Begin = RateStory.Begin;

    private static readonly Gen<(int Which, double Share, double Ahead)[]> corrections =
        Gen.Select(Gen.Int[0, 60], Gen.Double[0, 1], Gen.Double[0, 4]).Array[40];

    [Fact]
    public void With_true_weights_below_those_taken_no_window_of_a_rate_holds_more() => Gen.Select(RateStory.Any, corrections).Sample(
        (story, answers) =>
        {
            var limit = new RateLimit(story.Definition);
            var interval = new RateModel(story.Definition).Interval;
            var starts = new List<(long At, int Taken, int True)>();
            foreach (var ((from, weight), response) in story.Asked().Zip(answers))
            {
                var at = limit.EarliestAt(from + (long)(response.Ahead * interval), weight);
                limit.Take(at, weight);
                starts.Add((at, weight, weight));

                // An answer to any call so far; those already answered are not corrected again.
                if (response.Which < starts.Count && starts[response.Which] is var told && told.Taken == told.True)
                {
                    var cost = (int)(told.Taken * response.Share);
                    limit.Correct(told.At, told.Taken, cost, from);
                    starts[response.Which] = (told.At, cost == told.Taken ? -1 : told.Taken, cost);
                }
            }

            var model = new RateModel(story.Definition);
            starts.ForEach(start => model.Add(start.At, start.True));
            Assert.Null(model.Overfull());
        },
        iter: 5_000);

    [Fact]
    public void A_refund_that_comes_at_once_is_whole()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 10, Burst = 10 });
        limit.Take(Begin, 10);

        limit.Correct(Begin, 10, 4, Begin);

        Assert.Equal(6, limit.Available(Begin));
        Assert.Equal(4, limit.Taken(Begin));
    }

    [Fact]
    public void A_cost_above_the_weight_is_owed_from_now_on_and_at_most_one_period_of_it()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 10, Burst = 10 });
        limit.Take(Begin, 1);
        var now = Begin + (5 * TimeSpan.TicksPerSecond);

        limit.Correct(Begin, 1, 4, now);
        Assert.Equal(7, limit.Available(now));
        limit.Correct(Begin, 1, int.MaxValue, now);
        Assert.Equal(now + (long)(0.4 * TimeSpan.TicksPerSecond), limit.EarliestAt(now, 1));
    }

    [Fact]
    public void After_a_rest_everything_is_there_again() => Gen.Select(RateStory.Any, Gen.Int.Array[40]).Sample((story, costs) =>
    {
        var limit = new RateLimit(story.Definition);
        foreach (var ((from, weight), cost) in story.Asked().Zip(costs))
        {
            var at = limit.EarliestAt(from, weight);
            limit.Take(at, weight);
            limit.Correct(at, weight, cost, from);
        }

        var rested = limit.RestsAt;
        Assert.Equal(story.Definition.Burst, limit.Available(rested));
        Assert.Equal(rested, limit.EarliestAt(rested, story.Definition.Burst));
    });

    [Fact]
    public void What_was_taken_at_another_pace_is_not_refunded()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 10, Burst = 10 });
        limit.Take(Begin, 10);
        limit.Reconfigure(new RateDefinition { Permits = 1, Burst = 10 }, Begin + 1);
        var owed = limit.TheoreticalArrival;

        limit.Correct(Begin, 10, 0, Begin + 2);

        Assert.Equal(owed, limit.TheoreticalArrival);
    }

    [Fact]
    public void Absurd_costs_of_absurd_limits_stay_in_range()
    {
        var limit = new RateLimit(new RateDefinition { Permits = 1_000_000, PeriodSeconds = 2_592_000, Burst = 1_000_000 });
        for (var n = 0; n < 20_000; n++)
            limit.Correct(Begin, 1, n % 3 == 0 ? int.MinValue : int.MaxValue, Begin);

        Assert.InRange(limit.TheoreticalArrival, Begin, DateTime.MaxValue.Ticks);
    }

    [Fact]
    public void Calls_at_once_hold_what_they_took()
    {
        var limit = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 5 });
        limit.Take(Begin, 2);
        limit.Correct(Begin, 2, 5, Begin);
        Assert.Equal(2, limit.Held);
    }

    [Fact]
    public void Behind_others_at_a_rate_the_moment_named_is_exact() => Gen.Select(RateStory.Any, Gen.Int[0, 7].Array[0, 20], Gen.Int[0, 7]).Sample(
        (story, before, wanted) =>
        {
            var limit = new RateLimit(story.Definition);
            var burst = story.Definition.Burst;
            var now = Begin;
            foreach (var (from, weight) in story.Asked())
                limit.Take(limit.EarliestAt(now = from, weight), weight);

            var named = limit.EarliestAfter(now, before.Sum(weight => 1L + (weight % burst)), 1 + (wanted % burst));

            foreach (var weight in before)
                limit.Take(limit.EarliestAt(now, 1 + (weight % burst)), 1 + (weight % burst));
            Assert.Equal(limit.EarliestAt(now, 1 + (wanted % burst)), named);
            Assert.Equal(LimitState.Never, limit.EarliestAfter(now, long.MaxValue, 1));
            Assert.Equal(LimitState.Never, limit.EarliestAfter(now, 1, burst + 1));
        });

    [Fact]
    public void Behind_others_that_hold_calls_at_once_no_moment_can_be_named()
    {
        var limit = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 5 });
        limit.Take(Begin, 2);
        Assert.Equal(Begin, limit.EarliestAfter(Begin, 2, 1));
        Assert.Equal(LimitState.Never, limit.EarliestAfter(Begin, 2, 2));
        Assert.Equal(LimitState.Never, limit.RestsAt);
    }

    [Fact]
    public void What_was_handed_out_behind_a_refunded_call_and_starts_late_still_holds_back_the_next()
    {
        const long Millisecond = TimeSpan.TicksPerMillisecond;
        var limit = new RateLimit(new RateDefinition { Permits = 100 });
        limit.Take(Begin, 1);
        limit.Take(Begin + (10 * Millisecond), 1);
        limit.Postpone(Begin, 1, Begin + (6 * Millisecond));

        limit.Correct(Begin + (6 * Millisecond), weight: 1, trueWeight: 0, Begin + (7 * Millisecond));
        Assert.Equal(Begin + (20 * Millisecond), limit.EarliestAt(Begin, 1));

        limit.Postpone(Begin + (10 * Millisecond), 1, Begin + (16 * Millisecond));
        Assert.Equal(Begin + (26 * Millisecond), limit.EarliestAt(Begin, 1));
    }

    [Fact]
    public void A_refunded_call_that_turns_out_to_have_started_late_moves_by_what_it_has_cost()
    {
        const long Millisecond = TimeSpan.TicksPerMillisecond;
        var model = new Lanes.PlannerModel();
        model.PutRate("tokens", 100, burst: 4);
        model.PutQueue("q", ["tokens"]);
        model.Add("q", weight: 4);
        var call = Assert.Single(model.Run());

        model.Planner.Correct(call.Hold!, key: "", "tokens", trueWeight: 1, model.Now + Millisecond);
        model.Planner.Postpone(call.Hold!, key: "", call.Slot!.Value + (5 * Millisecond));

        Assert.Equal(call.Slot!.Value + (15 * Millisecond), Assert.IsType<RateLimit>(model.Planner.StateOf("tokens", "").State).TheoreticalArrival);
    }
}

using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A rate, a window and calls at once for the same jobs, each counting something else, and everything that can happen to them.</summary>
public sealed class SeveralLimitsTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    private static readonly Gen<Setup> setups = Gen.Select(Gen.Int[1, 40], Gen.Int[2, 6], Gen.Int[2, 20], Gen.Int[1, 5_000], Gen.Int[2, 9], (rate, burst, window, milliseconds, calls) =>
        new Setup(
            new RateDefinition { Permits = rate, Burst = burst },
            new WindowDefinition { Permits = window, PeriodSeconds = milliseconds / 1_000.0 },
            new ConcurrencyDefinition { Permits = calls }));

    private static readonly Gen<Event[]> events =
        Gen.Select(Gen.Int[0, 11], Gen.Long[0, Second], Gen.Int[1, 2].Array[3], Gen.Int[0, 60], (kind, gap, weights, number) => new Event(kind, gap, weights, number)).Array[1, 60];

    [Fact]
    public void All_are_taken_or_none_no_bound_breaks_and_everything_comes_back() => Gen.Select(setups, events).Sample(
        (setup, story) =>
        {
            LimitState[] limits = [new RateLimit(setup.Rate), new WindowLimit(setup.Window), new ConcurrencyLimit(setup.Calls)];
            var (rate, window) = (new RateModel(setup.Rate), new WindowModel(setup.Window));
            var running = new List<(long At, int[] Weights)>();
            var (now, made) = (RateStory.Begin, new List<(long At, int[] Weights)>());
            foreach (var happening in story)
            {
                now += happening.Gap;
                Happen(limits, happening, now, running, made);
                if (happening.Kind > 4)
                    continue;

                var before = limits.Select(limit => (limit.ToStored(), limit.Calls, limit.Taken(now))).ToList();
                var weights = happening.Weights;
                var at = Reservation.Earliest(limits, weights, now, out var binding);
                Assert.Equal(before, limits.Select(limit => (limit.ToStored(), limit.Calls, limit.Taken(now))));
                Assert.All(limits.Zip(weights), asked => AskedAgain(asked.First, now, asked.Second));
                if (running.Sum(call => call.Weights[2]) + weights[2] > setup.Calls.Permits)
                {
                    Assert.Equal(LimitState.Never, at);
                    continue;
                }

                Assert.All(limits.Zip(weights), asked => Assert.Equal(at, asked.First.EarliestAt(at, asked.Second)));
                Assert.True(at == now ? binding < 0 : limits[binding].EarliestAt(at - 1, weights[binding]) == at, "a tick earlier was allowed too");
                Reservation.Take(limits, weights, at);
                running.Add((at, weights));
                made.Add((at, weights));
            }

            made.ForEach(start => rate.Add(start.At, start.Weights[0]));
            made.ForEach(start => window.Add(start.At, start.Weights[1], start.At % window.Lateness));
            Assert.Null(rate.Overfull());
            Assert.Null(window.Overfull());
            Assert.Equal(running.Sum(call => call.Weights[2]), limits[2].Taken(now));
            running.ForEach(call => limits[2].Return(call.Weights[2]));
            var rested = limits.Max(limit => limit.RestsAt);
            Assert.Equal([setup.Rate.Burst, setup.Window.Permits, setup.Calls.Permits], limits.Select(limit => limit.Available(rested)));
        },
        iter: 3_000);

    [Fact]
    public void Changing_limits_never_break_the_tightest_of_their_bounds_for_what_comes() => Gen.Select(setups, setups, events).Sample(
        (first, second, story) =>
        {
            LimitState[] limits = [new RateLimit(first.Rate), new WindowLimit(first.Window)];
            var (rate, window) = (new RateModel(second.Rate), new WindowModel(second.Window));
            var now = RateStory.Begin;
            for (var n = 0; n < story.Length; n++)
            {
                now += story[n].Gap / 10;
                if (n == story.Length / 2)
                    Assert.True(limits[0].Reconfigure(second.Rate, now) && limits[1].Reconfigure(second.Window, now));
                var weights = story[n].Weights[..2];
                var at = Reservation.Earliest(limits, weights, now, out _);
                Reservation.Take(limits, weights, at);
                if (n < story.Length / 2)
                    continue;
                rate.Add(at, weights[0]);
                window.Add(at, weights[1], at % window.Lateness);
            }

            Assert.Null(rate.Overfull());
            Assert.Null(window.Overfull());
        });

    [Fact]
    public void A_heavy_job_passes_however_slow_the_limits_have_become() => setups.Sample(
        setup =>
        {
            LimitState[] limits = [new RateLimit(setup.Rate with { Burst = setup.Calls.Permits }), new WindowLimit(setup.Window with { Permits = setup.Calls.Permits }), new ConcurrencyLimit(setup.Calls)];
            int[] weights = [setup.Calls.Permits, setup.Calls.Permits, setup.Calls.Permits];
            var now = RateStory.Begin;
            for (var n = 0; n < 50; n++)
            {
                foreach (var limit in limits)
                    limit.SlowDown(now, now += 1);
                var at = Reservation.Earliest(limits, weights, now, out _);
                Assert.InRange(at - now, 0, 400 * Second);
                Reservation.Take(limits, weights, now = at);
                limits[2].Return(setup.Calls.Permits);
            }
        },
        iter: 200);

    private static void Happen(LimitState[] limits, Event happening, long now, List<(long At, int[] Weights)> running, List<(long At, int[] Weights)> made)
    {
        var which = happening.Number % limits.Length;
        var some = limits[which];
        switch (happening.Kind)
        {
            case 5 or 6 when running.Count > 0:
                var ended = running[happening.Number % running.Count];
                running.Remove(ended);
                foreach (var (limit, weight) in limits.Zip(ended.Weights))
                    limit.Return(weight);
                break;
            case 7 when running.Count > 0:
                var unused = running[happening.Number % running.Count];
                running.Remove(unused);
                made.Remove(unused);
                foreach (var (limit, weight) in limits.Zip(unused.Weights))
                    limit.TakeBack(unused.At, weight);
                break;
            case 8:
                some.PauseUntil(now + (happening.Gap / 2));
                break;
            case 9:
                some.SlowDown(now - happening.Gap, now);
                break;
            case 10:
                some.Expect(some.Calls - (happening.Number % 3), happening.Weights[which], now + (2 * happening.Gap), now);
                break;
            case 11 when running.Count > 0:
                var (at, weights) = running[happening.Number % running.Count];
                foreach (var (limit, weight) in limits.Zip(weights))
                    limit.Correct(at, weight, weight + 1, now);
                break;
        }
    }

    /// <summary>What blocks, blocks up to one moment and no longer: only then does a reservation over several limits come to an end.</summary>
    private static void AskedAgain(LimitState limit, long now, int weight)
    {
        var moment = limit.EarliestAt(0, weight);
        foreach (var from in new[] { now, now + (Second / 3), now + (1_000 * Second) })
            Assert.Equal(Math.Max(from, moment), limit.EarliestAt(from, weight));
        Assert.Equal(limit.EarliestAt(now, weight), limit.EarliestAfter(now, 0, weight));
        if (limit.Available(now) is > 0 and var available)
            Assert.Equal(limit is WindowLimit ? Math.Max(now, limit.ToStored().TakenUntil) : now, limit.EarliestAt(now, (int)available));
    }

    private sealed record Setup(RateDefinition Rate, WindowDefinition Window, ConcurrencyDefinition Calls);

    private sealed record Event(int Kind, long Gap, int[] Weights, int Number);
}

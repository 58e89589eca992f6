using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class ReservationTests
{
    private static readonly Gen<RateDefinition> rates = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 500], Gen.Int[2, 6], (permits, milliseconds, burst) =>
        new RateDefinition { Permits = permits, PeriodSeconds = milliseconds / 1_000.0, Burst = burst });

    private static readonly Gen<(RateDefinition[] Rates, int Permits, (int Gap, int[] Weights, int Ends)[] Steps)> stories =
        Gen.Select(rates.Array[1, 3], Gen.Int[2, 5], Gen.Select(Gen.Int[0, 400_000], Gen.Int[1, 2].Array[4], Gen.Int[0, 2]).Array[1, 40]);

    [Fact]
    public void The_moment_named_is_the_earliest_at_which_all_limits_allow() => stories.Sample(
        (definitions, permits, steps) =>
        {
            var models = definitions.Select(definition => new RateModel(definition)).ToList();
            var concurrency = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = permits });
            LimitState[] limits = [.. definitions.Select(definition => new RateLimit(definition)), concurrency];
            var running = new Queue<int>();
            var from = RateStory.Begin;
            foreach (var (gap, drawn, ends) in steps)
            {
                for (var end = 0; end < ends && running.TryDequeue(out var ended); end++)
                    concurrency.Return(ended);

                // Slots are taken in the order of their moments, so that the models need not look ahead.
                from += gap;
                var weights = drawn[..limits.Length];
                var at = Reservation.Earliest(limits, weights, from, out var binding);
                if (running.Sum() + weights[^1] > permits)
                {
                    Assert.Equal(LimitState.Never, at);
                    Assert.Equal(limits.Length - 1, binding);
                    continue;
                }

                Assert.True(at >= from);
                Assert.All(models.Zip(weights), asked => Assert.True(asked.First.Allows(at, asked.Second)));
                Assert.True(at == from || models.Zip(weights).Any(asked => !asked.First.Allows(at - 1, asked.Second)), "a tick earlier was allowed too");
                Assert.Equal(at == from, binding < 0);
                Assert.True(binding < 0 || limits[binding].EarliestAt(from, weights[binding]) == at, "another limit allows last");

                Reservation.Take(limits, weights, at);
                for (var i = 0; i < models.Count; i++)
                    models[i].Add(at, weights[i]);
                running.Enqueue(weights[^1]);
                from = at;
            }

            Assert.All(models, model => Assert.Null(model.Overfull()));
            Assert.Equal(running.Sum(), concurrency.Held);
        },
        iter: 2_000);

    [Fact]
    public void Asking_takes_nothing()
    {
        var rate = new RateLimit(new RateDefinition { Permits = 10 });
        var full = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 1 });
        full.Take(0, 1);

        var at = Reservation.Earliest([rate, full], [1, 1], 5, out var binding);

        Assert.Equal((LimitState.Never, 1), (at, binding));
        Assert.Equal(0, rate.TheoreticalArrival);
        Assert.Equal(1, full.Held);
    }

    [Fact]
    public void Taking_takes_from_each_what_the_job_takes_of_it()
    {
        var rate = new RateLimit(new RateDefinition { Permits = 10, Burst = 3 });
        var concurrency = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 4 });

        Reservation.Take([rate, concurrency], [1, 3], 0);

        Assert.Equal(1, rate.Taken(0));
        Assert.Equal(3, concurrency.Taken(0));
    }

    [Fact]
    public void A_pause_of_one_limit_delays_the_job_and_names_it()
    {
        var rate = new RateLimit(new RateDefinition { Permits = 10 });
        var paused = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 1 });
        paused.PauseUntil(900);

        Assert.Equal(900, Reservation.Earliest([rate, paused], [1, 1], 5, out var binding));
        Assert.Equal(1, binding);
    }

    [Fact]
    public void No_limits_allow_at_once()
    {
        Assert.Equal(5, Reservation.Earliest([], [], 5, out var binding));
        Assert.Equal(-1, binding);
        Assert.Null(Reservation.StartWindow([]));
    }

    [Fact]
    public void The_narrowest_start_window_counts_and_only_of_limits_that_hand_out_slots()
    {
        var wide = new RateLimit(new RateDefinition { Permits = 1, PeriodSeconds = 60 });
        var narrow = new RateLimit(new RateDefinition { Permits = 50 });
        var concurrency = new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 1 });

        Assert.Equal(TimeSpan.FromMilliseconds(2), Reservation.StartWindow([wide, narrow, concurrency]));
        Assert.Null(Reservation.StartWindow([concurrency]));
    }

    [Fact]
    public void A_reservation_allocates_nothing()
    {
        LimitState[] limits = [new RateLimit(new RateDefinition { Permits = 10 }), new ConcurrencyLimit(new ConcurrencyDefinition { Permits = 9_999 })];
        Reserve(limits, 1_000); // what a rate remembers grows to what ten seconds hold

        var before = GC.GetAllocatedBytesForCurrentThread();
        Reserve(limits, 1_000);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Reserve(LimitState[] limits, int count)
    {
        for (var n = 0; n < count; n++)
            Reservation.Take(limits, [1, 2], Reservation.Earliest(limits, [1, 2], 0, out _));
    }
}

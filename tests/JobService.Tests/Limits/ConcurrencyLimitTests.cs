using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

public sealed class ConcurrencyLimitTests
{
    [Fact]
    public void Never_more_than_the_permits_are_held_and_all_come_back() => Gen.Select(Gen.Int[1, 8], Gen.Int[-8, 8].Array[1, 60]).Sample(
        (permits, steps) =>
        {
            var limit = Limit(permits);
            var running = new Queue<int>();
            foreach (var step in steps)
            {
                if (step <= 0)
                {
                    if (running.TryDequeue(out var ended))
                        limit.Return(ended);
                }
                else
                {
                    var fits = running.Sum() + step <= permits;
                    Assert.Equal(fits ? 7 : LimitState.Never, limit.EarliestAt(7, step));
                    if (fits)
                    {
                        limit.Take(7, step);
                        running.Enqueue(step);
                    }
                }

                Assert.Equal(running.Sum(), limit.Taken(7));
                Assert.Equal(permits - running.Sum(), limit.Available(7));
            }

            foreach (var ended in running)
                limit.Return(ended);

            Assert.Equal(permits, limit.Available(7));
        },
        iter: 2_000);

    [Fact]
    public void A_return_too_many_makes_no_permits()
    {
        var limit = Limit(2);
        limit.Take(0, 1);
        limit.Return(1);
        limit.Return(1);

        Assert.Equal(2, limit.Available(0));
        Assert.Equal(LimitState.Never, limit.EarliestAt(0, 3));
    }

    [Fact]
    public void Fewer_permits_than_are_held_allow_again_when_enough_came_back()
    {
        var limit = Limit(4);
        limit.Take(0, 3);
        Assert.True(limit.Reconfigure(new ConcurrencyDefinition { Permits = 2 }, 0));
        Assert.Equal(0, limit.Available(0));

        limit.Return(1);
        Assert.Equal(LimitState.Never, limit.EarliestAt(0, 1));
        limit.Return(1);
        Assert.Equal(0, limit.EarliestAt(0, 1));
    }

    [Fact]
    public void A_pause_delays_what_would_fit()
    {
        var limit = Limit(1);
        limit.PauseUntil(90);
        Assert.Equal(90, limit.EarliestAt(10, 1));
        Assert.Equal(0, limit.Available(10));
    }

    [Fact]
    public void Another_kind_needs_another_state() => Assert.False(Limit(1).Reconfigure(new RateDefinition { Permits = 1 }, 0));

    private static ConcurrencyLimit Limit(int permits) => new(new ConcurrencyDefinition { Permits = permits });
}

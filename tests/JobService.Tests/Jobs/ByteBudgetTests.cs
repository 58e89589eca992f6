using JobService.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Jobs;

public sealed class ByteBudgetTests
{
    private static readonly TimeSpan Patient = Timeout.InfiniteTimeSpan;

    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider time = new();
    private readonly ByteBudget budget;

    public ByteBudgetTests() => budget = new ByteBudget(100, time);

    [Fact]
    public void What_fits_is_granted_at_once_and_comes_back()
    {
        using (var first = new ByteReservation(budget))
        using (var second = new ByteReservation(budget))
        {
            Assert.True(first.TryGrowTo(60));
            Assert.False(second.TryGrowTo(41));
            Assert.True(second.TryGrowTo(40));
            first.ShrinkTo(10);
            Assert.Equal(50, budget.Taken);
        }

        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public async Task Nothing_small_overtakes_what_waits()
    {
        using var running = Full();
        using var beyond = new ByteReservation(budget);
        Assert.True(await beyond.GrowToAsync(100, Patient, hang));
        using var large = new ByteReservation(budget);
        using var small = new ByteReservation(budget);
        var largeWaits = large.GrowToAsync(80, Patient, hang).AsTask();

        running.ShrinkTo(50);
        Assert.False(small.TryGrowTo(1));
        var smallWaits = small.GrowToAsync(1, Patient, hang).AsTask();
        Assert.False(largeWaits.IsCompleted || smallWaits.IsCompleted);

        running.ShrinkTo(0);
        Assert.True(await largeWaits && await smallWaits);
        Assert.Equal(81, budget.Taken);
    }

    [Fact]
    public async Task Holders_that_wait_for_each_other_end_one_after_the_other()
    {
        ByteReservation[] holders = [.. Enumerable.Range(0, 4).Select(_ => new ByteReservation(budget))];
        Assert.All(holders, holder => Assert.True(holder.TryGrowTo(25)));
        var waits = holders.Select(holder => holder.GrowToAsync(1_000, Patient, hang).AsTask()).ToArray();

        for (var i = 0; i < holders.Length; i++)
        {
            Assert.True(await waits[i]);
            Assert.Equal(i + 1, waits.Count(wait => wait.IsCompleted));
            Assert.True(holders[i].TryGrowTo(2_000)); // to its own end
            holders[i].Dispose();
        }

        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public async Task Patience_has_an_end_and_a_place_that_is_left_holds_up_nobody()
    {
        using var running = Full();
        using var beyond = new ByteReservation(budget);
        Assert.True(await beyond.GrowToAsync(1, Patient, hang));
        using var impatient = new ByteReservation(budget);
        using var stopped = new ByteReservation(budget);
        using var patient = new ByteReservation(budget);
        using var stop = new CancellationTokenSource();
        var first = impatient.GrowToAsync(100, TimeSpan.FromSeconds(2), hang).AsTask();
        var second = stopped.GrowToAsync(100, Patient, stop.Token).AsTask();
        var third = patient.GrowToAsync(10, Patient, hang).AsTask();

        running.ShrinkTo(90);
        Assert.False(third.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await first);
        await stop.CancelAsync();
        Assert.False(await second);
        Assert.True(await third);
    }

    [Fact]
    public async Task A_wait_without_patience_is_a_look()
    {
        using var running = Full();
        using var beyond = new ByteReservation(budget);
        Assert.True(await beyond.GrowToAsync(1, Patient, hang));
        using var late = new ByteReservation(budget);

        Assert.False(await late.GrowToAsync(1, TimeSpan.FromSeconds(-1), hang));
    }

    private ByteReservation Full()
    {
        var hold = new ByteReservation(budget);
        Assert.True(hold.TryGrowTo(100));
        return hold;
    }
}

using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class QueueGateTests
{
    [Fact]
    public void It_offers_what_is_free_and_not_claimed()
    {
        using var gate = new QueueGate("q", 3);

        Assert.Equal(3, Free(gate));
        Assert.Equal(3, Free(gate)); // nothing is taken by that
        gate.Claim(free: 2, expected: []);
        Assert.Equal(1, Free(gate));
        Assert.Null(gate.Enter(isPromised: false));
        Assert.Equal(1, Free(gate)); // it was kept for it
        var call = gate.Start(now: 0).Call;
        gate.End(call, took: null);
        Assert.Equal(2, Free(gate));
    }

    [Fact]
    public void A_smaller_gate_lets_what_runs_finish_and_takes_the_debt_from_what_returns()
    {
        using var gate = new QueueGate("q", 4);
        var calls = Begin(gate, 3);

        gate.Resize(1);
        Assert.Equal(0, Free(gate));
        gate.End(calls[0], took: null);
        gate.End(calls[1], took: null);
        Assert.Equal(0, Free(gate));
        gate.End(calls[2], took: null);
        Assert.Equal(1, Free(gate));
    }

    [Fact]
    public void A_wider_gate_pays_its_debt_first()
    {
        using var gate = new QueueGate("q", 4);
        var calls = Begin(gate, 4);

        gate.Resize(1);
        gate.Resize(5);
        Assert.Equal(1, Free(gate));
        calls.ForEach(call => gate.End(call, took: null));
        Assert.Equal(5, Free(gate));
    }

    [Fact]
    public async Task Jobs_that_were_claimed_before_the_gate_was_made_smaller_wait_for_those_that_run()
    {
        using var gate = new QueueGate("q", 3);
        gate.Claim(free: 3, expected: []);
        Assert.Null(gate.Enter(isPromised: false));
        var first = gate.Start(now: 0).Call;

        gate.Resize(1);
        var (second, third) = (gate.Enter(isPromised: false)!, gate.Enter(isPromised: false)!);
        Assert.Equal(0, Free(gate));
        Assert.False(second.Entered.IsCompleted);
        gate.End(first, took: null);
        Assert.True(await second.Entered);
        Assert.False(third.Entered.IsCompleted);

        gate.GiveUp(third);
        Assert.False(await third.Entered);
        gate.End(gate.Start(now: 0).Call, took: null);
        Assert.Equal(1, Free(gate));
    }

    [Fact]
    public void What_is_worth_telling_is_a_first_permit_and_then_twice_as_many()
    {
        using var gate = new QueueGate("q", 8);
        var calls = Begin(gate, 8);
        Assert.Equal(0, Free(gate));

        Assert.Equal(OfferChange.MoreThanNone, gate.End(calls[0], took: null));
        Assert.Equal(1, Free(gate));
        Assert.Equal(OfferChange.Other, gate.End(calls[1], took: null));
        Assert.Equal(2, Free(gate));
        Assert.Equal(OfferChange.None, gate.End(calls[2], took: null));
        Assert.Equal(OfferChange.Other, gate.End(calls[3], took: null));
    }

    [Fact]
    public async Task A_permit_is_never_back_without_somebody_being_told()
    {
        for (var round = 0; round < 20_000; round++)
        {
            using var gate = new QueueGate("q", 2);
            var calls = Begin(gate, 2);
            Free(gate);
            var told = 0;
            await Task.WhenAll(calls.Select(call => Task.Run(
                () =>
                {
                    if (gate.End(call, took: null) != OfferChange.None)
                        InterlockedMax(ref told, Free(gate));
                },
                CancellationToken.None)));

            Assert.Equal(2, told);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private static int Free(QueueGate gate) => gate.Offer(now: 0).Free;

    private static List<LinkedListNode<GateCall>> Begin(QueueGate gate, int count)
    {
        gate.Claim(count, expected: []);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            Assert.Null(gate.Enter(isPromised: false));
            return gate.Start(now: 0).Call;
        })];
    }
}

using JobService.Dispatch;
using JobService.Lanes;

namespace JobService.Tests.Dispatch;

public sealed class QueueGateTests
{
    [Fact]
    public void It_gives_what_is_free_and_no_more()
    {
        using var gate = new QueueGate(3);

        Assert.Equal(2, Take(gate, 2));
        Assert.Equal(1, Take(gate, 2));
        Assert.Equal(0, Take(gate, 2));
        gate.Return(free: 2, promised: 0);
        Assert.Equal(2, Take(gate, 5));
    }

    [Fact]
    public void A_smaller_gate_lets_what_runs_finish_and_takes_the_debt_from_what_returns()
    {
        using var gate = new QueueGate(4);
        var calls = Enumerable.Range(0, Take(gate, 3)).Select(_ => gate.Start(now: 0)).ToList();

        gate.Resize(1);
        Assert.Equal(0, Take(gate, 1));
        gate.End(calls[0], took: null);
        gate.End(calls[1], took: null);
        Assert.Equal(0, Take(gate, 1));
        gate.End(calls[2], took: null);
        Assert.Equal(1, Take(gate, 5));
    }

    [Fact]
    public void A_wider_gate_pays_its_debt_first()
    {
        using var gate = new QueueGate(4);
        Take(gate, 4);

        gate.Resize(1);
        gate.Resize(5);
        Assert.Equal(1, Take(gate, 5));
        gate.Return(free: 5, promised: 0);
        Assert.Equal(5, Take(gate, 9));
    }

    [Fact]
    public async Task A_permit_is_never_back_without_somebody_being_told()
    {
        for (var round = 0; round < 20_000; round++)
        {
            using var gate = new QueueGate(2);
            Take(gate, 3);
            var taken = 0;
            void EndOne(LinkedListNode<GateCall> call)
            {
                if (gate.End(call, took: null))
                    Interlocked.Add(ref taken, Take(gate, 3));
            }

            var (one, other) = (gate.Start(now: 0), gate.Start(now: 0));
            await Task.WhenAll(Task.Run(() => EndOne(one), CancellationToken.None), Task.Run(() => EndOne(other), CancellationToken.None));

            // Whoever was told has taken what was there; what is left now was announced to nobody.
            Assert.Equal((2, 0), (taken, Take(gate, 3)));
        }
    }

    private static int Take(QueueGate gate, int atMost) => gate.Take(atMost, now: 0, until: 0).Free;
}

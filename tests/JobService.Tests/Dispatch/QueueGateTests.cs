using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class QueueGateTests
{
    [Fact]
    public void It_gives_what_is_free_and_no_more()
    {
        using var gate = new QueueGate(3);

        Assert.Equal(2, gate.Take(2));
        Assert.Equal(1, gate.Take(2));
        Assert.Equal(0, gate.Take(2));
        gate.Return(2);
        Assert.Equal(2, gate.Take(5));
    }

    [Fact]
    public void A_smaller_gate_lets_what_runs_finish_and_takes_the_debt_from_what_returns()
    {
        using var gate = new QueueGate(4);
        gate.Take(3);

        gate.Resize(1);
        Assert.Equal(0, gate.Take(1));
        gate.Return(2);
        Assert.Equal(0, gate.Take(1));
        gate.Return(1);
        Assert.Equal(1, gate.Take(5));
    }

    [Fact]
    public void A_wider_gate_pays_its_debt_first()
    {
        using var gate = new QueueGate(4);
        gate.Take(4);

        gate.Resize(1);
        gate.Resize(5);
        Assert.Equal(1, gate.Take(5));
        gate.Return(5);
        Assert.Equal(5, gate.Take(9));
    }

    [Fact]
    public async Task A_permit_is_never_back_without_somebody_being_told()
    {
        for (var round = 0; round < 20_000; round++)
        {
            using var gate = new QueueGate(2);
            gate.Take(3);
            var taken = 0;
            void ReturnOne()
            {
                if (gate.Return(1))
                    Interlocked.Add(ref taken, gate.Take(3));
            }

            await Task.WhenAll(Task.Run(ReturnOne, CancellationToken.None), Task.Run(ReturnOne, CancellationToken.None));

            // Whoever was told has taken what was there; what is left now was announced to nobody.
            Assert.Equal((2, 0), (taken, gate.Take(3)));
        }
    }
}

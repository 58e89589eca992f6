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
}

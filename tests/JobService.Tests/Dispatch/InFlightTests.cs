using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

public sealed class InFlightTests
{
    [Fact]
    public void Who_asks_again_waits_for_what_came_since()
    {
        var inFlight = new InFlight();
        inFlight.Enter();
        var first = inFlight.WhenEmptyAsync();
        inFlight.Leave();
        inFlight.Enter();

        var second = inFlight.WhenEmptyAsync();

        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
        inFlight.Leave();
        Assert.True(second.IsCompletedSuccessfully);
    }
}

using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>What a receiver sends back is read as the responses of calls are.</summary>
public sealed class ReceiverResponseTests
{
    [Theory]
    [InlineData("2", DeliveryState.Delivered)]
    [InlineData("3", DeliveryState.Pending)]
    public async Task Lengths_that_contradict_each_other_are_no_response(string second, DeliveryState state)
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(200, "{}", $"Content-Length: {second}"));
        await using var driver = await SenderDriver.StartAsync();

        var delivery = await driver.NextTryAsync(await driver.EndJobAsync(receiver.Url));

        Assert.Equal((state, state == DeliveryState.Delivered ? 200 : null), (delivery.State, Assert.Single(delivery.Attempts).Status));
    }
}

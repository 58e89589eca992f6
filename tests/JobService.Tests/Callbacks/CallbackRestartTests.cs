using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>What the end of the service, or of the disk, does to events on their way.</summary>
public sealed class CallbackRestartTests
{
    [Fact]
    public async Task What_was_pending_goes_on_after_a_restart()
    {
        await using var receiver = new HookReceiver(number => WireReplies.Respond(number == 1 ? 500 : 200));
        await using var driver = await SenderDriver.StartAsync();
        var job = await driver.EndJobAsync(receiver.Url);
        var before = await receiver.NextAsync();
        await driver.NextTryAsync(job);

        await driver.RestartAsync();
        await driver.Time.PassAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));

        var after = await receiver.NextAsync();
        Assert.Equal((before.Id(), before.Text), (after.Id(), after.Text));
        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(job)).State);
    }

    [Fact]
    public async Task What_was_in_hand_when_the_service_went_is_sent_again_with_the_same_id_and_bytes()
    {
        await using var receiver = new HookReceiver(number => number == 1 ? WireReplies.Silence() : WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync();
        var job = await driver.EndJobAsync(receiver.Url);
        var before = await receiver.NextAsync();

        await driver.RestartAsync();

        var after = await receiver.NextAsync();
        Assert.Equal((before.Id(), before.Text), (after.Id(), after.Text));
        Assert.Single((await driver.NextTryAsync(job)).Attempts);
    }

    [Fact]
    public async Task What_was_sent_is_not_sent_again_because_the_store_cannot_be_written()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var driver = await SenderDriver.StartAsync();
        driver.Watched.WriteFailures = 2;
        var job = await driver.EndJobAsync(receiver.Url);
        await receiver.NextAsync();

        await driver.Time.PassAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        await driver.Time.PassAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        Assert.Equal(DeliveryState.Delivered, (await driver.NextTryAsync(job)).State);
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task Disposed_without_a_stop_it_ends_at_once_and_says_nothing_of_a_store_that_has_gone()
    {
        await using var receiver = new HookReceiver(WireReplies.Silence());
        await using var reading = await SenderDriver.StartAsync(driver => driver.HoldsReads = true);
        await using var sending = await SenderDriver.StartAsync();
        await sending.EndJobAsync(receiver.Url);
        await receiver.NextAsync();

        Task[] ended = [reading.DisposeSender(), sending.DisposeSender()];
        reading.Watched.FailReads(new ObjectDisposedException("SemaphoreSlim"));
        await Task.WhenAll(ended).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

        Assert.Empty(reading.Log.Texts.Concat(sending.Log.Texts));
    }

    [Fact]
    public async Task A_host_may_stop_it_as_often_as_it_likes()
    {
        await using var receiver = new HookReceiver(WireReplies.Silence());
        await using var driver = await SenderDriver.StartAsync();
        await driver.EndJobAsync(receiver.Url);
        await receiver.NextAsync();

        await Task.WhenAll(driver.StopAsync(), driver.StopAsync()).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
        await driver.StopAsync(disposed: true).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
    }
}

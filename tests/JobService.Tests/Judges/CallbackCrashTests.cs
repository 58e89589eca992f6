using System.Net.Http.Json;
using JobService.Tests.Callbacks;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

[Collection(JudgesAlone.Name)]
public sealed class CallbackCrashTests : IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-callback-crash-");

    [Fact]
    public async Task An_event_that_was_on_its_way_when_the_process_was_killed_is_sent_by_the_next_one()
    {
        await using var receiver = new HookReceiver(number => number == 1 ? WireReplies.Silence() : WireReplies.Respond());
        var hang = TestContext.Current.CancellationToken;
        WireRequest before;
        await using (var service = await JobServiceProcess.StartAsync(data))
        {
            using var response = await service.Client.PostAsJsonAsync("/v1/jobs", new { payload = 1, callback = new { url = receiver.Url, secret = SenderDriver.Secret } }, hang);
            response.EnsureSuccessStatusCode();
            before = await receiver.NextAsync();
            service.Kill();
        }

        await using var again = await JobServiceProcess.StartAsync(data);
        var after = await receiver.NextAsync();

        Assert.Equal((before.Id(), before.Text), (after.Id(), after.Text));
        Assert.Equal(0, await again.StopAsync());
    }

    public void Dispose() => data.Delete(recursive: true);
}

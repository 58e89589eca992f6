using JobService.Storage;
using JobService.Tests.Api.Batches;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>Whoever waits looks first, and what ends right behind that look is not missed.</summary>
/// <remarks>The worst moment is made, not hoped for: the end is committed and told before the reader has the answer to its look.</remarks>
public sealed class MissedEndTests : IAsyncDisposable
{
    private readonly ServiceFixture service = ServiceFixture.With(
        new Dictionary<string, string>(),
        services => services.AddSingleton<IJobStore>(parts => InterruptedStore.Around(parts.GetRequiredService<LedgerStore>())));

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("application/json", "?wait=60")]
    [InlineData("application/x-ndjson", "")]
    [InlineData("text/event-stream", "")]
    public async Task A_result_that_comes_right_behind_the_first_look_at_a_batch_is_handed_out_at_once(string form, string query)
    {
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[{"payload":"late","waitFor":{"signal":"go"}}]}""");
        InterruptedStore.Behind(service.Store, nameof(IJobStore.ResultsAsync), () => EndAsync("go"));

        using var response = await service.SendAsync(HttpMethod.Get, submitted.Headers.Location + "/results" + query, null, ("Accept", form));

        Assert.Contains("\"late\"", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_end_right_behind_the_first_look_at_a_job_ends_the_wait_for_it()
    {
        using var submitted = await service.SubmitAsync("""{"payload":"late","waitFor":{"signal":"go"}}""");
        InterruptedStore.Behind(service.Store, nameof(IJobStore.FindAsync), () => EndAsync("go"));

        using var response = await service.SendAsync(HttpMethod.Get, submitted.Headers.Location + "?wait=60");

        Assert.Equal("succeeded", (await response.JsonAsync()).Text("state"));
    }

    [Fact]
    public async Task What_ends_behind_the_look_that_found_enough_is_not_handed_out()
    {
        using var submitted = await service.SendAsync(
            HttpMethod.Post, "/v1/batches", """{"jobs":[{"payload":0,"waitFor":{"signal":"second"}},{"payload":1,"waitFor":{"signal":"first"}},{"payload":2,"waitFor":{"signal":"never"}}]}""");
        await EndAsync("first");
        InterruptedStore.Behind(service.Store, nameof(IJobStore.ResultsAsync), () => EndAsync("second"));

        using var response = await service.SendAsync(HttpMethod.Get, submitted.Headers.Location + "/results?order=input&until=first", null, ("Accept", "application/x-ndjson"));

        Assert.Equal([1], (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Indexes());
    }

    /// <summary>Lets the job go; over when all who wait for its end have been told of it.</summary>
    private async Task EndAsync(string signal)
    {
        _ = service.Hub(); // listens before us, so that it is told before us
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        service.Store.Committed += news =>
        {
            if (news.Ended.Count > 0)
                told.TrySetResult();
        };
        await service.Store.SetSignalAsync(signal);
        await told.Task.WaitAsync(Patience.Hang);
    }
}

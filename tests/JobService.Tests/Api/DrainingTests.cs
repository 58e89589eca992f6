using JobService.Api;
using JobService.Events;
using JobService.Ledger;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Api;

/// <summary>What clients hear from a service that is told to stop and still has their connections.</summary>
public sealed class DrainingTests : IAsyncDisposable
{
    private readonly Stopping stopping = new();
    private readonly ServiceFixture service;

    public DrainingTests() => service = ServiceFixture.With(
        new Dictionary<string, string> { ["JobService:Intake:MaxWaitSeconds"] = "60" },
        services => services.AddSingleton(provider => new JobWaits(provider.GetRequiredService<IJobStore>(), provider.GetRequiredService<JobEventHub>(), TimeProvider.System, stopping, Options.Create(new WaitOptions()))));

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        stopping.Dispose();
    }

    [Fact]
    public async Task It_is_not_ready_and_takes_nothing_in_but_lives()
    {
        stopping.StopApplication();

        await ExpectAsync(service.SendAsync(HttpMethod.Get, "/readyz"), "/problems/draining");
        await ExpectAsync(service.SubmitAsync("""{"payload":1}"""), "/problems/draining");
        using var live = await service.SendAsync(HttpMethod.Get, "/livez");
        Assert.Equal(200, (int)live.StatusCode);
    }

    [Fact]
    public async Task Who_waits_for_a_job_is_answered_with_the_job_as_it_is_and_it_stays()
    {
        await PausedAsync("waiting", capacity: 2);
        using var first = await service.SubmitAsync("""{"queue":"waiting","payload":1}""");
        var look = service.SendAsync(HttpMethod.Get, $"{first.Headers.Location}?wait=60");
        var submit = service.SubmitAsync("""{"queue":"waiting","payload":2}""", ("Prefer", "wait=60"));

        stopping.StopApplication();

        using var seen = await look;
        using var accepted = await submit;
        Assert.Equal(200, (int)seen.StatusCode);
        // The stop may come before the submission: then nothing is taken in.
        Assert.Contains((int)accepted.StatusCode, (int[])[202, 503]);
        Assert.Equal("queued", (await seen.JsonAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Who_waits_for_room_is_told_at_once()
    {
        await PausedAsync("full", capacity: 1);
        using var first = await service.SubmitAsync("""{"queue":"full","payload":1}""");
        var second = service.SubmitAsync("""{"queue":"full","payload":2}""");

        stopping.StopApplication();

        await ExpectAsync(second, "/problems/draining");
    }

    private async Task PausedAsync(string name, int capacity)
    {
        await service.PutAsync($"/v1/queues/{name}", $$"""{"capacity":{{capacity}}}""");
        using var pause = await service.SendAsync(HttpMethod.Post, $"/v1/queues/{name}/pause");
    }

    private static async Task ExpectAsync(Task<HttpResponseMessage> request, string type)
    {
        using var response = await request;
        Assert.Equal(503, (int)response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
        Assert.True(response.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
    }
}

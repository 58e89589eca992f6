using System.Net;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>One job, followed from how it stands to its end.</summary>
public sealed class JobEventsTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    [Fact]
    public async Task A_job_is_followed_from_its_state_to_its_end_and_the_answer_ends_with_it()
    {
        var id = await SubmitAsync("followed", paused: true);
        using var stream = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");
        Assert.Equal("queued", Assert.IsType<SentEvent>(await stream.NextAsync())["state"]);

        await ActAsync("/v1/queues/followed/resume");

        var rest = await stream.RestAsync();
        Assert.Equal([("running", "1"), ("succeeded", "1")], rest.Select(moved => (moved["state"], moved["attempt"])));
        Assert.All(rest, moved => Assert.Equal(("job", id, "followed", "a key", null), (moved["type"], moved["id"], moved["queue"], moved["key"], moved.Name)));
    }

    [Fact]
    public async Task A_job_that_has_ended_says_so_once_and_who_has_seen_it_needs_not_come_back()
    {
        var id = await SubmitAsync("ended", paused: true);
        await ActAsync($"/v1/jobs/{id}/cancel");

        using var stream = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");
        var end = Assert.Single(await stream.RestAsync());
        Assert.Equal(("cancelled", "request"), (end["state"], end["reason"]));

        using var again = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{id}/events", json: null, ("Last-Event-ID", end.Id!));
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Fact]
    public async Task Several_may_follow_a_job_and_each_hears_everything_once()
    {
        var id = await SubmitAsync("several", paused: true);
        using var first = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");
        using var second = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");

        await ActAsync("/v1/queues/several/resume");

        Assert.Equal(["queued", "running", "succeeded"], (await first.RestAsync()).Select(moved => moved["state"]));
        Assert.Equal(["queued", "running", "succeeded"], (await second.RestAsync()).Select(moved => moved["state"]));
    }

    [Fact]
    public async Task Nothing_is_lost_between_the_first_look_and_the_first_change()
    {
        // The job runs off while the stream begins, a little later each time: whatever the stream has not seen it begins with.
        await service.PutAsync("/v1/queues/race", """{"maxConcurrency": 1000}""");
        for (var turn = 0; turn < 200; turn++)
        {
            var id = await SubmitAsync("race");
            for (var spin = 0; spin < turn * 20; spin++)
                Thread.SpinWait(10);

            using var stream = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");

            var states = (await stream.RestAsync()).ConvertAll(moved => Enum.Parse<JobState>(moved["state"]!, ignoreCase: true));
            Assert.Equal(JobState.Succeeded, states[^1]);
            Assert.Equal(states.Distinct().Order(), states);
            Assert.Equal(states.Count, JobState.Succeeded - states[0] + 1);
        }
    }

    [Fact]
    public async Task Behind_a_gap_it_is_told_anew_how_the_job_stands()
    {
        var id = await SubmitAsync("gap", paused: true);
        await service.PutAsync("/v1/queues/flood", """{"capacity": 100000}""");
        await ActAsync("/v1/queues/flood/pause");
        using var stream = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");
        Assert.Equal("queued", Assert.IsType<SentEvent>(await stream.NextAsync())["state"]);

        // More in one commit than may be on their way to the streams: all of them are lost, and with them whatever else there was.
        var ids = service.Services.GetRequiredService<JobIdSource>();
        await service.Store.AddAsync([.. Enumerable.Range(0, 40_000).Select(_ => new NewJob { Id = ids.Next(), Queue = "flood", Payload = "1"u8.ToArray() })]);

        var (gap, stands) = (Assert.IsType<SentEvent>(await stream.NextAsync()), Assert.IsType<SentEvent>(await stream.NextAsync()));
        Assert.Equal(("gap", "queued", id), (gap["type"], stands["state"], stands["id"]));
        await ActAsync($"/v1/jobs/{id}/cancel");
        Assert.Equal("cancelled", Assert.Single(await stream.RestAsync())["state"]);
    }

    [Fact]
    public async Task A_retry_is_told_with_its_reason()
    {
        await service.PutAsync("/v1/queues/failing", """{"target": {"kind": "simulated", "failureRate": 1}, "retry": {"maxAttempts": 2, "baseSeconds": 0.001, "maxSeconds": 0.001}}""");
        var id = await SubmitAsync("failing", paused: true);
        using var stream = await EventReader.OpenAsync(service, $"/v1/jobs/{id}/events");
        Assert.Equal("queued", Assert.IsType<SentEvent>(await stream.NextAsync())["state"]);

        await ActAsync("/v1/queues/failing/resume");

        Assert.Equal(
            [("running", "1", null), ("queued", "1", "retry"), ("running", "2", null), ("failed", "2", ErrorTypes.Upstream)],
            (await stream.RestAsync()).Select(moved => (moved["state"]!, moved["attempt"]!, moved["reason"])));
    }

    [Theory]
    [InlineData("no-id")]
    [InlineData("01a22200-7720-7000-ae2a-49e2fd1ec0f6")]
    public async Task There_must_be_such_a_job(string id)
    {
        using var response = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{id}/events");

        Assert.Equal("/problems/not-found", (await ProblemJson.ReadAsync(response)).Type);
    }

    private async Task<string> SubmitAsync(string queue, bool paused = false)
    {
        if (!service.Store.Catalog.Queues.ContainsKey(queue))
            await service.PutAsync($"/v1/queues/{queue}", "{}");
        if (paused)
            await ActAsync($"/v1/queues/{queue}/pause");
        using var response = await service.SubmitAsync($$"""{"queue":"{{queue}}","payload":1,"key":"a key"}""");
        return (await response.JsonAsync()).GetProperty("id").GetString()!;
    }

    private async Task ActAsync(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Post, path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}

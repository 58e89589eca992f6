using JobService.Api;
using JobService.Events;
using JobService.Ledger;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Api;

/// <summary>Streams of events in a service whose time and end the test decides.</summary>
public sealed class EventStreamEndTests : IAsyncDisposable
{
    private static readonly TimeSpan heartbeatAfter = TimeSpan.FromSeconds(20);

    private readonly Stopping stopping = new();
    private readonly WatchedTime time = new();
    private readonly ServiceFixture service;

    public EventStreamEndTests() => service = ServiceFixture.With(
        new Dictionary<string, string> { ["JobService:Events:HeartbeatSeconds"] = "20" },
        services => services.AddSingleton<TimeProvider>(time).AddSingleton(provider => new JobWaits(provider.GetRequiredService<IJobStore>(), provider.GetRequiredService<JobEventHub>(), time, stopping, Options.Create(new WaitOptions()))));

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        stopping.Dispose();
        time.Dispose();
    }

    [Fact]
    public async Task A_silent_stream_sends_heartbeats_that_change_nothing_for_who_comes_back()
    {
        using var stream = await EventReader.OpenAsync(service, "/v1/events");
        await service.PutAsync("/v1/queues/q", "{}");
        Assert.Equal("queue", Assert.IsType<SentEvent>(await stream.NextAsync())["type"]);

        await time.WaitAsync(times: 2); // for the queue, and again

        var next = stream.NextAsync();
        time.Advance(heartbeatAfter - TimeSpan.FromTicks(1));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        var heartbeat = Assert.IsType<SentEvent>(await next);
        Assert.Equal((null, "heartbeat", "{}"), (heartbeat.Id, heartbeat.Name, heartbeat.Data.ToString()));
    }

    [Fact]
    public async Task The_end_of_the_service_ends_every_stream_at_once()
    {
        await service.PutAsync("/v1/queues/q", "{}");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        using var submitted = await service.SubmitAsync("""{"queue":"q","payload":1}""");
        using var all = await EventReader.OpenAsync(service, "/v1/events");
        using var job = await EventReader.OpenAsync(service, submitted.Headers.Location + "/events");
        Assert.NotNull(await job.NextAsync());

        stopping.StopApplication();

        Assert.Null(await all.NextAsync());
        Assert.Null(await job.NextAsync());
        using var late = await service.SendAsync(HttpMethod.Get, "/v1/events");
        Assert.Equal("/problems/draining", (await ProblemJson.ReadAsync(late)).Type);
    }

    /// <summary>Tells when somebody begins to wait for the time of a heartbeat.</summary>
    private sealed class WatchedTime() : FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero)), IDisposable
    {
        private readonly SemaphoreSlim waits = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == heartbeatAfter)
                waits.Release();
            return timer;
        }

        public async Task WaitAsync(int times)
        {
            for (var i = 0; i < times; i++)
                Assert.True(await waits.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        }

        public void Dispose() => waits.Dispose();
    }
}

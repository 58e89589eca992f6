using JobService.Intake;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Intake;

public sealed class QueueCapacityTests : IAsyncDisposable
{
    private readonly ServiceFixture service = new();

    private QueueCapacity Room => service.Services.GetRequiredService<QueueCapacity>();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task A_place_that_is_freed_before_the_line_is_joined_is_not_missed()
    {
        var job = await PausedJobAsync();
        var seen = Room.EndsOf("small");
        await service.Store.CancelAsync(job, CancelReason.Request);

        Assert.True(await Room.WaitAsync("small", seen, Patience.Hang, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_end_lets_one_in_and_the_first_come_is_the_first_served()
    {
        var job = await PausedJobAsync();
        var seen = Room.EndsOf("small");
        var first = Room.WaitAsync("small", seen, Patience.Hang, TestContext.Current.CancellationToken);
        var second = Room.WaitAsync("small", seen, TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken);

        await service.Store.CancelAsync(job, CancelReason.Request);

        Assert.True(await first);
        Assert.False(await second);
    }

    [Fact]
    public async Task Who_needs_many_places_takes_none_from_those_who_need_one()
    {
        var job = await PausedJobAsync();
        var seen = Room.EndsOf("small");
        var many = Room.WaitForEndsAsync("small", seen + 2, Patience.Hang, TestContext.Current.CancellationToken, CancellationToken.None);
        var one = Room.WaitAsync("small", seen, Patience.Hang, TestContext.Current.CancellationToken);

        await service.Store.CancelAsync(job, CancelReason.Request);
        Assert.True(await one);
        Assert.False(many.IsCompleted);

        await service.Store.CancelAsync(await JobAsync(), CancelReason.Request);
        Assert.True(await many);
    }

    [Fact]
    public async Task Who_needs_many_places_looks_again_when_the_queue_is_widened_and_gives_up_when_the_service_stops()
    {
        using var stop = new CancellationTokenSource();
        var first = Room.WaitForEndsAsync("small", 9, Patience.Hang, TestContext.Current.CancellationToken, stop.Token);
        Room.Widen("small");
        Assert.True(await first);

        var second = Room.WaitForEndsAsync("small", 9, Patience.Hang, TestContext.Current.CancellationToken, stop.Token);
        await stop.CancelAsync();
        Assert.False(await second);
        Assert.False(await Room.WaitForEndsAsync("small", 9, TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken, CancellationToken.None));
    }

    private async Task<JobId> PausedJobAsync()
    {
        await service.PutAsync("/v1/queues/small", """{"capacity": 1}""");
        await service.Store.PauseAsync("small", paused: true);
        return await JobAsync();
    }

    private async Task<JobId> JobAsync()
    {
        using var response = await service.SubmitAsync("""{"queue": "small", "payload": 1}""");
        Assert.True(JobId.TryParse(response.Headers.Location!.ToString().Split('/')[^1], out var id));
        return id;
    }
}

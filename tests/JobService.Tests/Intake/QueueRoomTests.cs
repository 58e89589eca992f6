using JobService.Intake;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Intake;

public sealed class QueueRoomTests : IAsyncDisposable
{
    private readonly ServiceFixture service = new();

    private QueueRoom Room => service.Services.GetRequiredService<QueueRoom>();

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

    private async Task<JobId> PausedJobAsync()
    {
        await service.PutAsync("/v1/queues/small", """{"capacity": 1}""");
        await service.Store.PauseAsync("small", paused: true);
        using var answer = await service.SubmitAsync("""{"queue": "small", "payload": 1}""");
        Assert.True(JobId.TryParse(answer.Headers.Location!.ToString().Split('/')[^1], out var id));
        return id;
    }
}

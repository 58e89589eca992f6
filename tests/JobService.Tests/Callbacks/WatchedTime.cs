using System.Threading.Channels;
using JobService.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Callbacks;

/// <summary>A clock that tells who waits for it: a test moves it on only when somebody does.</summary>
internal sealed class WatchedTime() : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody waits for about so long, and lets that time pass.</summary>
    /// <returns>For how long exactly.</returns>
    public async Task<TimeSpan> PassAsync(TimeSpan atLeast, TimeSpan atMost)
    {
        while (true)
        {
            var wait = await timers.Reader.ReadAsync().AsTask().WaitAsync(Patience.Hang);
            if (wait < atLeast || wait > atMost)
                continue;
            Advance(wait);
            return wait;
        }
    }
}

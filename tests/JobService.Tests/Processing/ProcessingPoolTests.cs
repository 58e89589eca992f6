using System.Diagnostics;
using System.Threading.Channels;
using JobService.Jobs;
using JobService.Processing;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Processing;

public sealed class ProcessingPoolTests
{
    private static readonly JobResult Answer = new(200, "text/plain", "x"u8.ToArray(), 1);
    private static readonly SimulatedProcessing Endless = new() { CpuSeconds = 3_600 };

    // Time stands still unless a test moves it: a burn of an hour lasts until it is stopped.
    private readonly WatchedTime time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_processing_the_answer_passes_even_before_the_pool_runs()
    {
        using var pool = Pool(1);

        var result = pool.RunAsync(new NoProcessing(), Answer, Cancel);

        Assert.True(result.IsCompletedSuccessfully);
        Assert.Same(Answer, await result);
    }

    [Fact]
    public async Task A_burn_lasts_its_time_and_passes_the_answer_on()
    {
        using var pool = Pool(1);
        await pool.StartAsync(Cancel);

        var result = pool.RunAsync(new SimulatedProcessing { CpuSeconds = 2 }, Answer, Cancel);
        await time.BurnsAsync(1);
        time.Advance(TimeSpan.FromSeconds(1.9));
        var early = result.IsCompleted;
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.False(early);
        Assert.Same(Answer, await result.WaitAsync(Patience.Hang, Cancel));
        await pool.StopAsync(Cancel);
    }

    [Fact]
    public async Task Never_more_run_at_once_than_may()
    {
        time.AutoAdvanceAmount = TimeSpan.FromMilliseconds(1);
        using var pool = Pool(maxConcurrency: 2);
        await pool.StartAsync(Cancel);

        var runs = Enumerable.Range(0, 200).Select(_ => pool.RunAsync(new SimulatedProcessing { CpuSeconds = WatchedTime.ShortBurn }, Answer, Cancel));
        await Task.WhenAll(runs).WaitAsync(Patience.Hang, Cancel);

        Assert.Equal((200, 2), (time.BurnCount, time.MaxAtOnce));
        await pool.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_burn_that_is_abandoned_stops_within_200_ms_and_the_next_one_starts()
    {
        using var pool = Pool(1);
        using var abandon = new CancellationTokenSource();
        await pool.StartAsync(Cancel);
        var burn = pool.RunAsync(Endless, Answer, abandon.Token);
        await time.BurnsAsync(1);

        var clock = Stopwatch.StartNew();
        await abandon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => burn.WaitAsync(Patience.Hang, Cancel));
        var took = clock.Elapsed;

        Assert.True(took < TimeSpan.FromMilliseconds(200), $"{took.TotalMilliseconds} ms");
        Assert.Same(Answer, await pool.RunAsync(new SimulatedProcessing { CpuSeconds = 0 }, Answer, Cancel).WaitAsync(Patience.Hang, Cancel));
        await pool.StopAsync(Cancel);
    }

    [Fact]
    public async Task An_answer_that_waits_is_abandoned_at_once_and_never_processed()
    {
        using var pool = Pool(1);
        using var abandon = new CancellationTokenSource();
        using var stopFirst = new CancellationTokenSource();
        await pool.StartAsync(Cancel);
        var first = pool.RunAsync(Endless, Answer, stopFirst.Token);
        await time.BurnsAsync(1);

        var waiting = pool.RunAsync(Endless, Answer, abandon.Token);
        await abandon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience.Hang, Cancel));
        await stopFirst.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience.Hang, Cancel));
        await pool.RunAsync(new SimulatedProcessing { CpuSeconds = 0 }, Answer, Cancel).WaitAsync(Patience.Hang, Cancel);

        Assert.Equal(2, time.BurnCount);
        await pool.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_full_queue_makes_the_caller_wait()
    {
        using var pool = Pool(maxConcurrency: 1, queueLength: 1);
        using var abandonFirst = new CancellationTokenSource();
        var first = pool.RunAsync(Endless, Answer, abandonFirst.Token);
        var second = pool.RunAsync(new SimulatedProcessing { CpuSeconds = 0 }, Answer, Cancel);
        using var giveUp = new CancellationTokenSource();
        var third = pool.RunAsync(new SimulatedProcessing { CpuSeconds = 0 }, Answer, giveUp.Token);
        Assert.Equal(1, pool.WaitingCount); // the third is not in the queue: it waits in front of it

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third.WaitAsync(Patience.Hang, Cancel));
        await pool.StartAsync(Cancel);
        await abandonFirst.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience.Hang, Cancel));
        Assert.Same(Answer, await second.WaitAsync(Patience.Hang, Cancel));
        await pool.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_stop_cancels_what_runs_and_what_waits_and_takes_nothing_more()
    {
        using var pool = Pool(maxConcurrency: 1, queueLength: 1);
        await pool.StartAsync(Cancel);
        var running = pool.RunAsync(Endless, Answer, Cancel);
        await time.BurnsAsync(1);
        var queued = pool.RunAsync(Endless, Answer, Cancel);
        var outside = pool.RunAsync(Endless, Answer, Cancel);

        await pool.StopAsync(Cancel).WaitAsync(Patience.Hang, Cancel);

        foreach (var run in new[] { running, queued, outside, pool.RunAsync(Endless, Answer, Cancel) })
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience.Hang, Cancel));
        Assert.Equal(1, time.BurnCount);
    }

    [Fact]
    public async Task Work_that_throws_fails_alone()
    {
        using var pool = Pool(1);
        await pool.StartAsync(Cancel);

        var failing = pool.RunAsync(new SimulatedProcessing { CpuSeconds = double.PositiveInfinity }, Answer, Cancel);

        await Assert.ThrowsAsync<OverflowException>(() => failing.WaitAsync(Patience.Hang, Cancel));
        Assert.Same(Answer, await pool.RunAsync(new SimulatedProcessing { CpuSeconds = 0 }, Answer, Cancel).WaitAsync(Patience.Hang, Cancel));
        await pool.StopAsync(Cancel);
    }

    private ProcessingPool Pool(int maxConcurrency, int queueLength = 100) =>
        new(
            Options.Create(new ProcessingOptions { MaxConcurrency = maxConcurrency, QueueLength = queueLength }),
            time,
            NullLogger<ProcessingPool>.Instance);

    /// <summary>Follows the burns by their questions for the time: the first begins one, and one is over when it learns that its time is.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        public const double ShortBurn = 0.1;

        private readonly Channel<int> begun = Channel.CreateUnbounded<int>();
        private readonly AsyncLocal<long> start = new();
        private readonly Lock turn = new();
        private int atOnce;

        public int BurnCount { get; private set; }

        public int MaxAtOnce { get; private set; }

        public async Task BurnsAsync(int count)
        {
            for (var burn = 0; burn < count; burn++)
                await begun.Reader.ReadAsync(Cancel).AsTask().WaitAsync(Patience.Hang, Cancel);
        }

        public override long GetTimestamp()
        {
            lock (turn)
            {
                var now = base.GetTimestamp();
                if (start.Value == 0)
                {
                    start.Value = now;
                    MaxAtOnce = Math.Max(MaxAtOnce, ++atOnce);
                    begun.Writer.TryWrite(++BurnCount);
                }
                else if (GetElapsedTime(start.Value, now) >= TimeSpan.FromSeconds(ShortBurn))
                {
                    atOnce--;
                }

                return now;
            }
        }
    }
}

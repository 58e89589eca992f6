using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

/// <summary>Signals: who waits, who is let go, and what a clear does not take back.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_job_waits_for_its_signal()
    {
        var id = await AddWaitingAsync();
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(new Waiting(WaitReason.Signal), (await Driver.GetAsync(id)).Waiting);
        Assert.Equal(new SignalStatus(null, 1), await Driver.Store.FindSignalAsync("go"));

        await Driver.Store.SetSignalAsync("go");

        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
        Assert.Equal(new SignalStatus(Driver.Store.Now, 0), await Driver.Store.FindSignalAsync("go"));
    }

    [Fact]
    public async Task Who_comes_while_the_signal_is_set_does_not_wait()
    {
        await Driver.Store.SetSignalAsync("go");

        var id = await AddWaitingAsync();

        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task Who_comes_after_the_signal_was_cleared_waits_for_the_next_time()
    {
        await Driver.Store.SetSignalAsync("go");
        await Driver.Store.ClearSignalAsync("go");
        await Driver.Store.ClearSignalAsync("go");
        var id = await AddWaitingAsync();
        await ReopenAsync();
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(new SignalStatus(null, 1), await Driver.Store.FindSignalAsync("go"));

        await Driver.Store.SetSignalAsync("go");

        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_signal_that_is_set_again_stays_set_since_the_first_time()
    {
        await Driver.Store.SetSignalAsync("go");
        var first = Driver.Store.Now;
        Driver.Time.Advance(TimeSpan.FromSeconds(5));

        await Driver.Store.SetSignalAsync("go");
        await ReopenAsync();

        Assert.Equal(new SignalStatus(first, 0), await Driver.Store.FindSignalAsync("go"));
        Assert.Equal(new SignalStatus(null, 0), await Driver.Store.FindSignalAsync("never"));
        await AddWaitingAsync();
        Assert.Single(await Driver.ClaimAsync());
    }

    [Fact]
    public async Task A_clear_takes_nothing_back_while_the_release_goes_on_in_bites_and_others_are_served()
    {
        await AddWaitersAsync(1_600);
        using var held = await HoldWriterAsync();
        var set = Driver.Store.SetSignalAsync("go");
        var clear = Driver.Store.ClearSignalAsync("go");
        var late = AddWaitingAsync();
        held.Set();

        await late.WaitAsync(Hang, TestContext.Current.CancellationToken);
        await Task.WhenAll(set, clear);
        var claimed = new List<ClaimedJob>();
        while (claimed.Count < 1_600)
            claimed.AddRange(await Driver.ClaimAsync());

        Assert.Equal(1_600, claimed.Count);
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(new Waiting(WaitReason.Signal), (await Driver.GetAsync(await late)).Waiting);
    }

    [Fact]
    public async Task A_release_that_a_restart_cut_goes_on()
    {
        await AddWaitersAsync(1_600);
        var chunk = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        // The writer looks for permits at the end of the turn that has let the first chunk go, and meets its end after that turn.
        var keeping = Driver.Store.Keeping(0, () =>
        {
            chunk.TrySetResult();
            goOn.Wait(Hang);
        });
        _ = Driver.Store.ClaimAsync(keeping, CancellationToken.None);
        _ = Driver.Store.SetSignalAsync("go");
        await chunk.Task.WaitAsync(Hang, TestContext.Current.CancellationToken);
        var closing = Task.Run(() => Driver.DisposeAsync().AsTask(), TestContext.Current.CancellationToken);
        while (Record.Exception(() => { _ = Driver.Store.ClearSignalAsync("other"); }) is null)
            await Task.Yield(); // until the store takes nothing any more: then at most one more turn follows

        goOn.Set();
        await closing;
        await ReopenAsync();
        await Driver.Store.ClearSignalAsync("go");

        var claimed = 0;
        while (claimed < 1_600)
            claimed += (await Driver.ClaimAsync()).Count;
        Assert.Equal(1_600, claimed);
    }

    [Theory]
    [InlineData("retried")]
    [InlineData("failed")]
    public async Task A_job_that_was_let_go_never_waits_again(string how)
    {
        var id = await AddWaitingAsync();
        await Driver.Store.SetSignalAsync("go");
        var running = Assert.Single(await Driver.ClaimAsync());
        await Driver.Store.ClearSignalAsync("go");

        if (how == "retried")
        {
            await Driver.FinishAsync(running, new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
        }
        else
        {
            await Driver.FinishAsync(running, new JobOutcome.Failed(StoreDriver.Error()));
            await Driver.Store.RetryAsync(id);
        }

        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_was_cancelled_while_it_waited_waits_again_when_it_is_retried_unless_the_signal_is_set(bool set)
    {
        var id = await AddWaitingAsync();
        await Driver.Store.CancelAsync(id, CancelReason.Request);
        Assert.Equal(0, (await Driver.Store.FindSignalAsync("go")).Waiting);
        if (set)
            await Driver.Store.SetSignalAsync("go");

        await Driver.Store.RetryAsync(id);

        Assert.Equal(set ? 1 : 0, (await Driver.ClaimNowAsync()).Count);
        if (set)
            return;
        Assert.Equal(WaitReason.Signal, (await Driver.GetAsync(id)).Waiting!.Reason);
        await Driver.Store.SetSignalAsync("go");
        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_deadline_holds_for_a_job_that_waits_for_a_signal()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { Signal = "go", StartBefore = Driver.Store.Now.AddSeconds(1) });

        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        await Driver.ClaimNowAsync();

        Assert.Equal(CancelReason.Deadline, (await Driver.GetAsync(id)).CancelReason);
        Assert.Equal(0, (await Driver.Store.FindSignalAsync("go")).Waiting);
    }

    [Fact]
    public async Task First_the_time_then_the_signal_then_the_lock()
    {
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        var id = await Driver.AddAsync(Driver.NewJob() with { NotBefore = Driver.Store.Now.AddSeconds(1), Signal = "go", Lock = "one" });
        Assert.Equal(WaitReason.Time, await ReasonAsync());

        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        await Driver.ClaimNowAsync();
        Assert.Equal(WaitReason.Signal, await ReasonAsync());

        await Driver.Store.SetSignalAsync("go");
        await Driver.Store.ClearSignalAsync("go");
        Assert.Equal(WaitReason.Lock, await ReasonAsync());

        await ReopenAsync();
        Assert.Equal(holder.Id, (holder = Assert.Single(await Driver.ClaimAsync())).Id);
        await Driver.SucceedAsync(holder);
        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);

        async Task<WaitReason> ReasonAsync() => (await Driver.GetAsync(id)).Waiting!.Reason;
    }

    [Fact]
    public async Task A_signal_that_is_set_before_a_job_is_due_is_asked_when_it_is()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { NotBefore = Driver.Store.Now.AddSeconds(1), Signal = "go" });
        await Driver.Store.SetSignalAsync("go");
        await Driver.Store.ClearSignalAsync("go");

        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await Driver.ClaimNowAsync());

        Assert.Equal(WaitReason.Signal, (await Driver.GetAsync(id)).Waiting!.Reason);
    }

    [Fact]
    public async Task A_paused_queue_says_so_before_signal_and_lock()
    {
        var id = await AddWaitingAsync();
        await Driver.Store.PauseAsync("q", paused: true);

        Assert.Equal(new Waiting(WaitReason.Paused), (await Driver.GetAsync(id)).Waiting);
    }

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    private Task<JobId> AddWaitingAsync() => Driver.AddAsync(Driver.NewJob() with { Signal = "go" });

    private Task<IReadOnlyList<Addition>> AddWaitersAsync(int count) =>
        Driver.Store.AddAsync([.. Enumerable.Range(0, count).Select(i => Driver.NewJob(key: $"k{i % 7}") with { Signal = "go" })]);

    /// <summary>Keeps the store's one thread in the middle of a turn: what is asked for meanwhile is done in the next.</summary>
    private async Task<ManualResetEventSlim> HoldWriterAsync()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new ManualResetEventSlim();
        await Driver.AddAsync(Driver.NewJob());
        var keeping = Driver.Store.Keeping(1, () =>
        {
            reached.TrySetResult();
            goOn.Wait(Hang);
        });
        _ = Driver.Store.ClaimAsync(keeping, CancellationToken.None);
        await reached.Task.WaitAsync(Hang, TestContext.Current.CancellationToken);
        return goOn;
    }
}

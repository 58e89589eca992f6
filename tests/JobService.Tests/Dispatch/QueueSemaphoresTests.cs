using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>One call at a time, each of 20 ms, over the real store: the next job is claimed while the call before still runs.</summary>
public sealed class QueueSemaphoresTests : IAsyncDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromMilliseconds(20);

    private readonly TemporaryStore temporary = new();
    private readonly SlotClock slots;
    private readonly StartPacer starts;
    private readonly QueueSemaphores semaphores;

    public QueueSemaphoresTests()
    {
        slots = new SlotClock(temporary.Time);
        starts = new StartPacer(temporary.Store, slots);
        semaphores = new QueueSemaphores(temporary.Store, slots, starts);
    }

    public async ValueTask DisposeAsync()
    {
        semaphores.Dispose();
        slots.Dispose();
        await temporary.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_next_call_begins_with_the_end_of_the_one_before(bool paced)
    {
        await PutQueueAsync(paced);
        var admission = await LearnAsync();
        temporary.Time.Advance(CallTime / 2);

        var next = Assert.Single(await ClaimAsync());
        Assert.Equal(CallTime / 2, next.PermitAt - temporary.Store.Now);
        Assert.Equal(JobState.Running, (await temporary.Store.FindAsync(next.Id, 0))!.State);
        Assert.Equal(paced, next.Slot is { } slot && next.PermitAt >= slot.At && next.PermitAt <= slot.At + slot.Window);
        var entering = semaphores.EnterAsync(next);
        Assert.False(entering.IsCompleted);

        semaphores.Leave(admission, callWasMade: true);

        Assert.True(entering.IsCompleted);
        Assert.NotNull(await entering);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_whose_permit_does_not_come_goes_back_when_its_slot_is_over(bool paced)
    {
        await PutQueueAsync(paced);
        var admission = await LearnAsync();
        temporary.Time.Advance(CallTime / 2);
        var next = Assert.Single(await ClaimAsync());

        var entering = semaphores.EnterAsync(next).AsTask();
        var until = next.Slot is { } slot ? slot.At + slot.Window : next.PermitAt!.Value + QueueSemaphores.Patience;
        temporary.Time.Advance(until - temporary.Store.Now - TimeSpan.FromTicks(1));
        Assert.False(entering.IsCompleted);
        temporary.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await entering.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        var afterwards = ClaimAsync();
        Assert.False(afterwards.IsCompleted);
        semaphores.Leave(admission, callWasMade: true); // whoever comes next is told
        Assert.Null(Assert.Single(await afterwards).PermitAt);
    }

    [Fact]
    public async Task A_smaller_queue_holds_also_for_jobs_that_were_claimed_before_and_a_wider_one_is_offered_at_once()
    {
        await PutQueueAsync(paced: false, maxConcurrency: 3);
        var jobs = await ClaimAsync();
        Assert.Equal(3, jobs.Count);
        var first = (await semaphores.EnterAsync(jobs[0]))!.Value;
        var waiting = semaphores.ClaimAsync(CancellationToken.None);

        await PutQueueAsync(paced: false, maxConcurrency: 1, jobs: 0);
        Assert.Empty(await waiting.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        var entering = semaphores.EnterAsync(jobs[1]).AsTask();
        Assert.False(entering.IsCompleted);
        semaphores.Leave(first, callWasMade: true);
        var second = (await entering.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken))!.Value;

        waiting = semaphores.ClaimAsync(CancellationToken.None);
        await PutQueueAsync(paced: false, maxConcurrency: 5, jobs: 0);
        Assert.Empty(await waiting.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        Assert.Equal(3, (await ClaimAsync()).Count); // one runs, and one is still to come
        semaphores.Leave(second, callWasMade: true);
    }

    [Fact]
    public async Task A_claim_that_waits_tells_of_a_start_that_comes_late()
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        starts.StartedLate += heard.SetResult;
        await PutQueueAsync(paced: true);
        await temporary.Store.PutLimitAsync("rate", new RateDefinition { Permits = 10 }, expected: null);
        var job = Assert.Single(await ClaimAsync());
        _ = semaphores.ClaimAsync(CancellationToken.None);
        Assert.NotNull(await semaphores.EnterAsync(job));
        var startsAt = job.Slot!.Value.At + job.Slot.Value.Window + TimeSpan.FromMilliseconds(30);
        temporary.Time.Advance(startsAt - temporary.Store.Now);
        Assert.Equal(StartVerdict.Started, starts.TryStart(job, out var startedAt));

        await heard.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
        await temporary.Store.PruneAsync(DateTimeOffset.MinValue.AddYears(2000), 1); // a turn like any other
        var rate = await temporary.Store.LimitAsync("rate", key: null);
        Assert.Equal(startedAt - job.Slot.Value.Window + TimeSpan.FromMilliseconds(100), rate!.NextFreeAt);
    }

    private async Task PutQueueAsync(bool paced, int maxConcurrency = 1, int jobs = 30)
    {
        if (paced)
            await temporary.Store.PutLimitAsync("rate", new RateDefinition { Permits = 500 }, expected: null);
        string[] limits = paced ? ["rate"] : [];
        await temporary.Store.PutQueueAsync("q", new QueueDefinition { MaxConcurrency = maxConcurrency, Limits = limits }, expected: null);
        await temporary.Store.AddAsync([.. Enumerable.Range(0, jobs).Select(_ => new NewJob { Id = temporary.Ids.Next(), Queue = "q", Payload = "1"u8.ToArray() })]);
    }

    /// <summary>Calls one after the other, until it is known how long they take.</summary>
    /// <returns>The last one, which has just begun.</returns>
    private async Task<QueueSemaphores.Admission> LearnAsync()
    {
        for (var call = 0; call < 16; call++)
        {
            var admission = await BeginAsync();
            temporary.Time.Advance(CallTime);
            semaphores.Leave(admission, callWasMade: true);
        }

        return await BeginAsync();
    }

    private async Task<QueueSemaphores.Admission> BeginAsync()
    {
        var job = Assert.Single(await ClaimAsync());
        if (job.Slot is { } slot && slot.At > temporary.Store.Now)
            temporary.Time.Advance(slot.At - temporary.Store.Now);
        var admission = (await semaphores.EnterAsync(job))!.Value;
        // Written, so that what was claimed ahead for the next one cannot be meant.
        await temporary.Store.FinishAsync([new AttemptEnd(job.Id, job.Lease, temporary.Store.Now, temporary.Store.Now, new JobOutcome.Failed(new JobError(ErrorTypes.Upstream, 400, null)))]);
        return admission;
    }

    private Task<IReadOnlyList<ClaimedJob>> ClaimAsync() => semaphores.ClaimAsync(CancellationToken.None).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
}

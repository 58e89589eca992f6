using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>One call at a time, each of 20 ms, over the real store: the next job is claimed while the call before still runs.</summary>
public sealed class QueueGatesTests : IAsyncDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromMilliseconds(20);

    private readonly TemporaryStore temporary = new();
    private readonly SlotClock slots;
    private readonly QueueGates gates;

    public QueueGatesTests()
    {
        slots = new SlotClock(temporary.Time);
        gates = new QueueGates(temporary.Store, slots);
    }

    public async ValueTask DisposeAsync()
    {
        gates.Dispose();
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
        var entering = gates.EnterAsync(next);
        Assert.False(entering.IsCompleted);

        Assert.False(gates.Leave(admission, callWasMade: true));

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

        var entering = gates.EnterAsync(next).AsTask();
        var until = next.Slot is { } slot ? slot.At + slot.Window : next.PermitAt!.Value + TimeSpan.FromMilliseconds(5);
        temporary.Time.Advance(until - temporary.Store.Now - TimeSpan.FromTicks(1));
        Assert.False(entering.IsCompleted);
        temporary.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await entering.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        Assert.True(gates.Leave(admission, callWasMade: true)); // whoever comes next is told
    }

    private async Task PutQueueAsync(bool paced)
    {
        if (paced)
            await temporary.Store.PutLimitAsync("rate", new RateDefinition { Permits = 500 }, expected: null);
        string[] limits = paced ? ["rate"] : [];
        await temporary.Store.PutQueueAsync("q", new QueueDefinition { MaxConcurrency = 1, Limits = limits }, expected: null);
        await temporary.Store.AddAsync([.. Enumerable.Range(0, 30).Select(_ => new NewJob { Id = temporary.Ids.Next(), Queue = "q", Payload = "1"u8.ToArray() })]);
    }

    /// <summary>Calls one after the other, until it is known how long they take.</summary>
    /// <returns>The last one, which has just begun.</returns>
    private async Task<QueueGates.Admission> LearnAsync()
    {
        for (var call = 0; call < 16; call++)
        {
            var admission = await BeginAsync();
            temporary.Time.Advance(CallTime);
            gates.Leave(admission, callWasMade: true);
        }

        return await BeginAsync();
    }

    private async Task<QueueGates.Admission> BeginAsync()
    {
        var job = Assert.Single(await ClaimAsync());
        if (job.Slot is { } slot && slot.At > temporary.Store.Now)
            temporary.Time.Advance(slot.At - temporary.Store.Now);
        var admission = (await gates.EnterAsync(job))!.Value;
        // Written, so that what was claimed ahead for the next one cannot be meant.
        await temporary.Store.FinishAsync([new AttemptEnd(job.Id, job.Lease, temporary.Store.Now, temporary.Store.Now, new JobOutcome.Failed(new JobError(ErrorTypes.Upstream, 400, null)))]);
        return admission;
    }

    private Task<IReadOnlyList<ClaimedJob>> ClaimAsync() =>
        temporary.Store.ClaimAsync(gates.Take, gates.Return, CancellationToken.None).WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);
}

using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>What a job sends, when that is too large to be read by its claim: from the store into a budget. Not for use by two threads at once.</summary>
/// <remarks>Read before the slot where there is room by then, so that nothing waits between the slot and the send. Otherwise the call waits: without a slot for as long as it takes, with one it comes late and goes back to its lane.</remarks>
public sealed class LargeInput : IDisposable
{
    private readonly ClaimedJob job;
    private readonly IJobStore store;
    private readonly ByteHold room;
    private Task<JobInput>? reading;

    public LargeInput(ClaimedJob job, IJobStore store, ByteBudget budget)
    {
        (this.job, this.store) = (job, store);
        room = new ByteHold(budget);
        if (room.TryGrowTo(job.UnreadBytes))
            reading = store.ReadInputAsync(job.Id);
    }

    /// <exception cref="OperationCanceledException">The attempt is abandoned.</exception>
    public async ValueTask<JobInput> ReadAsync(CancellationToken abandoned)
    {
        if (reading is null && !await room.GrowToAsync(job.UnreadBytes, Timeout.InfiniteTimeSpan, abandoned))
            throw new OperationCanceledException(abandoned);
        return await (reading ??= store.ReadInputAsync(job.Id));
    }

    public void Dispose()
    {
        reading = null;
        room.Dispose();
    }
}

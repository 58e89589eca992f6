using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>What a job sends, when that is too large to be read by its claim: from the store into a budget. Not for use by two threads at once.</summary>
/// <remarks>Read before the slot where there is room by then, so that nothing waits between the slot and the send. Otherwise it is waited for: by a call without a slot for as long as it takes; a claim with one gives it up (<see cref="IsLate"/>).</remarks>
public sealed class LargeInput : IDisposable
{
    private readonly IJobStore store;
    private readonly ByteHold room;
    private Task<JobInput>? reading;

    internal LargeInput(ClaimedJob job, IJobStore store, ByteBudget budget)
    {
        (Job, this.store) = (job, store);
        room = new ByteHold(budget);
        if (room.TryGrowTo(job.UnreadBytes))
            reading = store.ReadInputAsync(job.Id);
    }

    /// <summary>Whose it is.</summary>
    internal ClaimedJob Job { get; }

    /// <summary>There was no room when the job was claimed.</summary>
    internal bool IsLate => reading is null;

    /// <summary>Waits until it has been read; after that <see cref="ReadAsync"/> waits no more.</summary>
    /// <returns>False when it is abandoned, or cannot be read.</returns>
    public async Task<bool> IsHereAsync(CancellationToken abandoned)
    {
        var read = ReadAsync(abandoned).AsTask();
        await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!read.IsCompletedSuccessfully)
            Dispose();
        return read.IsCompletedSuccessfully;
    }

    /// <exception cref="OperationCanceledException">The attempt is abandoned.</exception>
    public async ValueTask<JobInput> ReadAsync(CancellationToken abandoned)
    {
        if (reading is null && !await room.GrowToAsync(Job.UnreadBytes, Timeout.InfiniteTimeSpan, abandoned))
            throw new OperationCanceledException(abandoned);
        return await (reading ??= store.ReadInputAsync(Job.Id));
    }

    public void Dispose()
    {
        reading = null;
        room.Dispose();
    }
}

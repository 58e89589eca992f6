using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The input of a job that is too large to be read by its claim: read from the store within a memory budget. Not thread-safe.</summary>
/// <remarks>Read before the slot if memory is free by then, so that nothing waits between the slot and the send. Otherwise a call without a slot waits as long as it takes, and a claim with one gives the slot up (<see cref="IsLate"/>).</remarks>
public sealed class LargeInput : IDisposable
{
    private readonly IJobStore store;
    private readonly ByteReservation memory;
    private Task<JobInput>? reading;

    internal LargeInput(ClaimedJob job, IJobStore store, ByteBudget budget)
    {
        (Job, this.store) = (job, store);
        memory = new ByteReservation(budget);
        if (memory.TryGrowTo(job.UnreadBytes))
            reading = store.ReadInputAsync(job.Id);
    }

    /// <summary>The job.</summary>
    internal ClaimedJob Job { get; }

    /// <summary>There was no free memory when the job was claimed.</summary>
    internal bool IsLate => reading is null;

    /// <summary>Waits until it has been read; after that <see cref="ReadAsync"/> does not wait.</summary>
    /// <returns>False when the attempt is abandoned, or the input cannot be read.</returns>
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
        if (reading is null && !await memory.GrowToAsync(Job.UnreadBytes, Timeout.InfiniteTimeSpan, abandoned))
            throw new OperationCanceledException(abandoned);
        return await (reading ??= store.ReadInputAsync(Job.Id));
    }

    public void Dispose()
    {
        reading = null;
        memory.Dispose();
    }
}

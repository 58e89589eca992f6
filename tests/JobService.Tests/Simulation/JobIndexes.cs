using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>The indexes of the table of jobs: which jobs may go, are due, are late, run, wait for a lock or a signal, or belong to a batch.</summary>
internal sealed class JobIndexes
{
    public MemoryIndex<(long QueueId, string Key)> Ready { get; } = new();

    /// <summary>By whether <c>due_at</c> is a moment of the machine's clock.</summary>
    public MemoryIndex<bool> Due { get; } = new();

    public MemoryIndex<ValueTuple> Deadlines { get; } = new();

    public MemoryIndex<ValueTuple> Running { get; } = new();

    public MemoryIndex<string> Locked { get; } = new();

    public MemoryIndex<(string Lock, long QueueId, string Key)> LockedLanes { get; } = new();

    public MemoryIndex<string> Signalled { get; } = new();

    public MemoryIndex<long> InBatch { get; } = new();

    public void Change(StoredJob? before, StoredJob? after)
    {
        if (before is not null)
            Enter(before, isRemoved: true);
        if (after is not null)
            Enter(after, isRemoved: false);
    }

    private void Enter(StoredJob stored, bool isRemoved)
    {
        var (row, job) = (stored.Row, stored.Row.Job);
        if (stored.Place is { } place)
            Enter(InBatch, place.Batch.Stamp, place.Index);
        if (row.State == JobState.Running)
            Enter(Running, default, row.QueueId);
        if (row.State != JobState.Queued)
            return;

        if (job.StartBefore is { } startBefore)
            Enter(Deadlines, default, startBefore);
        if (row.DueAt is { } dueAt)
            Enter(Due, stored.IsDueOnWall, dueAt);
        else if (row.Parked is null)
            Enter(Ready, job.Lane, -job.Priority);
        if (row.Parked == Parked.InLockQueue && row.Lock is { } name)
        {
            Enter(Locked, name, -job.Priority);
            Enter(LockedLanes, (name, row.QueueId, row.Key), -job.Priority);
        }

        if (row.Parked > Parked.InLockQueue && job.Signal is { } signal)
            Enter(Signalled, signal, row.Parked.Value);

        void Enter<TKey>(MemoryIndex<TKey> index, TKey key, long rank)
            where TKey : notnull
        {
            if (isRemoved)
                index.Remove(key, rank, job.Stamp);
            else
                index.Add(key, rank, job.Stamp);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The batches that a turn reads or changes: written once, and kept no longer than the turn.</summary>
internal sealed class TurnBatches(Turn turn)
{
    private Dictionary<long, BatchRow>? changed;

    /// <summary>The batch, for changes; null when there is none.</summary>
    public BatchRow? Find(long stamp)
    {
        if (changed?.GetValueOrDefault(stamp) is { } known)
            return known;
        if (turn.Fetched.Batch(stamp) is not { } batch)
            return null;
        Keep(batch);
        return batch;
    }

    public BatchRow? Find(JobId id) => Find(id.Stamp) is { } batch && batch.Id == id ? batch : null;

    public void Insert(BatchRow batch)
    {
        turn.Changes.Add(new BatchChange.Inserted(batch));
        Keep(batch);
    }

    public void WriteBack()
    {
        foreach (var batch in changed?.Values ?? Enumerable.Empty<BatchRow>())
            turn.Changes.Add(new BatchChange.Counted(batch));
    }

    /// <summary>The batch, if the turn has changed it.</summary>
    public BatchRow? Changing(long stamp) => changed?.GetValueOrDefault(stamp);

    public IReadOnlyList<JobId> Changed() => changed is null ? [] : [.. changed.Values.Select(batch => batch.Id)];

    [MemberNotNull(nameof(changed))]
    private void Keep(BatchRow batch)
    {
        changed ??= [];
        changed.Add(batch.Id.Stamp, batch);
    }
}

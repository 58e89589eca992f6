using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Adds a batch: all of its jobs or none.</summary>
internal sealed record AddBatch(NewBatch Batch, IReadOnlyList<NewRow> Rows) : Command<Addition>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        if (Batch.Idempotency is { } idempotency)
            wanted.Keys.Add(idempotency.Key);
    }

    public override Addition Apply(Turn turn)
    {
        if (Batch.Idempotency is { } idempotency && turn.Fetched.Key(idempotency.Key) is var (fingerprint, first))
            return fingerprint.Span.SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();

        for (var i = 0; i < Rows.Count; i++)
        {
            if (Adding.Refusal(turn, Rows[i].Job) is { } refusal)
                return new Addition.JobRefused(i, refusal);
        }

        var queues = Rows.CountBy(row => row.Job.Queue).Select(group => (Row: turn.Memory.FindQueue(group.Key)!, group.Value)).ToList();
        foreach (var (queue, count) in queues)
        {
            if (count > queue.Entry.Definition.Capacity)
                return new Addition.OverCapacity(queue.Entry.Name, queue.Entry.Definition.Capacity);
        }

        foreach (var (queue, count) in queues)
        {
            if (queue.Unfinished + count - queue.Entry.Definition.Capacity is > 0 and var missing)
                return new Addition.Full(queue.Entry.Name, missing);
        }

        Batching.Open(turn, Batch);
        foreach (var row in Rows)
            Adding.Enter(turn, row);
        if (Batch.Idempotency is { } key)
            turn.Changes.Add(new JobChange.Remembered(key, Batch.Id));
        return new Addition.BatchAccepted(Batching.Close(turn, Batch.Id)!);
    }
}

using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Batches are made, closed, told to stop, finished and reopened.</summary>
internal static class Batching
{
    /// <summary>Jobs told to stop in one turn.</summary>
    private const int Bite = 500;

    /// <summary>All of the jobs or none.</summary>
    public static Addition Add(Turn turn, NewBatch batch, IReadOnlyList<NewRow> rows)
    {
        if (batch.Idempotency is { } idempotency && turn.Jobs.FindIdempotency(idempotency.Key) is var (fingerprint, first))
            return fingerprint.AsSpan().SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();

        for (var i = 0; i < rows.Count; i++)
        {
            if (Adding.Refusal(turn, rows[i].Job) is { } refusal)
                return new Addition.JobRefused(i, refusal);
        }

        var queues = rows.CountBy(row => row.Job.Queue).Select(wish => (Row: turn.Memory.FindQueue(wish.Key)!, wish.Value)).ToList();
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

        Open(turn, batch);
        foreach (var row in rows)
            Adding.Enter(turn, row);
        if (batch.Idempotency is { } key)
            turn.Jobs.Remember(key, batch.Id);
        return new Addition.BatchAccepted(Close(turn, batch.Id)!);
    }

    public static Batch Open(Turn turn, NewBatch batch)
    {
        var row = new BatchRow(batch.Id, batch.Queue)
        {
            CancelOnFailure = batch.CancelOnFailure,
            CallbackUrl = batch.Callback?.Url,
            IsOpen = true,
            CreatedAt = turn.Now,
            Idempotency = batch.Idempotency?.Key,
        };
        turn.Batches.Insert(row);
        if (batch.Callback is { } callback)
            turn.Deliveries.InsertCallback(batch.Id.Stamp, callback);
        return row.ToBatch();
    }

    /// <summary>No more jobs come. Without effect on a batch that is closed.</summary>
    public static Batch? Close(Turn turn, JobId id)
    {
        if (turn.Batches.Find(id) is not { } batch)
            return null;
        batch.IsOpen = false;
        FinishIfOver(turn, batch);
        return batch.ToBatch();
    }

    public static void CloseAll(Turn turn)
    {
        foreach (var stamp in turn.BatchRows.Open())
            Close(turn, turn.Batches.Find(stamp)!.Id);
    }

    public static bool TakesJobs(Turn turn, JobId id) => turn.Batches.Find(id) is { IsOpen: true };

    /// <summary>What waits is cancelled in bites, what runs is told to stop. Without effect when it was told so before.</summary>
    public static BatchCancelOutcome Cancel(Turn turn, JobId id, CancelReason reason)
    {
        if (turn.Batches.Find(id) is not { } batch)
            return new BatchCancelOutcome.NotFound();
        if (batch is { IsOver: true, CancelReason: null })
            return new BatchCancelOutcome.Finished(batch.ToBatch());
        TellToStop(turn, batch, reason);
        return new BatchCancelOutcome.Stopping(batch.ToBatch());
    }

    /// <summary>Tells a bite of jobs; the turn is followed by another while there are more.</summary>
    public static void Stop(Turn turn)
    {
        var left = Bite;
        foreach (var stamp in turn.Memory.StoppingBatches.ToList())
        {
            var batch = turn.Batches.Find(stamp)!;
            var bite = turn.BatchRows.From(stamp, batch.StopFrom ?? 0, left);
            foreach (var (_, job) in bite)
            {
                if (turn.Jobs.Find(job) is { State: JobState.Queued or JobState.Running } row)
                    Cancelling.Cancel(turn, row.Id, batch.CancelReason ?? CancelReason.Batch);
            }

            if (bite.Count == left)
            {
                batch.StopFrom = bite[^1].Index + 1;
                break;
            }

            left -= bite.Count;
            batch.StopFrom = null;
            turn.Memory.StoppingBatches.Remove(stamp);
        }

        turn.GoesOn |= turn.Memory.StoppingBatches.Count > 0;
    }

    public static void CountEnd(Turn turn, long stamp, JobId job, JobState state)
    {
        var batch = turn.Batches.Find(stamp)!;
        batch.Count(state, 1);
        turn.BatchRows.Number(job.Stamp, ++batch.LastCompletion);
        if (state == JobState.Failed && batch.CancelOnFailure)
            TellToStop(turn, batch, CancelReason.Batch);
        FinishIfOver(turn, batch);
    }

    /// <summary>A finished job of the batch is queued again.</summary>
    public static void Reopen(Turn turn, long stamp, JobState former)
    {
        var batch = turn.Batches.Find(stamp)!;
        batch.Count(former, -1);
        batch.FinishedAt = null;
        if (batch.StopFrom is null)
            batch.CancelReason = null;
        else
            batch.StopFrom = 0; // the others are still being told, and so is this one
    }

    private static void TellToStop(Turn turn, BatchRow batch, CancelReason reason)
    {
        if (batch.CancelReason is not null)
            return;
        batch.CancelReason = reason;
        batch.IsOpen = false; // an upload that goes on hears it with its next line; nobody waits for that
        batch.StopFrom = 0;
        turn.Memory.StoppingBatches.Add(batch.Id.Stamp);
        FinishIfOver(turn, batch);
    }

    private static void FinishIfOver(Turn turn, BatchRow batch)
    {
        if (!batch.IsOver || batch.FinishedAt is not null)
            return;
        batch.FinishedAt = turn.Now;
        if (batch.CallbackUrl is not null)
            Delivering.Announce(turn, batch);
    }
}

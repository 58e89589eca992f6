using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Creates, closes, cancels, finishes and reopens batches.</summary>
internal static class Batching
{
    /// <summary>Jobs told to stop in one turn.</summary>
    private const int RowsPerTurn = 500;

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
            turn.Changes.Add(new DeliveryChange.CallbackInserted(batch.Id.Stamp, callback));
        return row.ToBatch();
    }

    /// <summary>Closes the batch: no more jobs are added. No effect on a closed batch.</summary>
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

    /// <summary>Tells a chunk of jobs to stop; another turn follows while there are more.</summary>
    public static void Stop(Turn turn)
    {
        var left = RowsPerTurn;
        foreach (var stamp in turn.Memory.StoppingBatches.ToList())
        {
            var batch = turn.Batches.Find(stamp)!;
            var chunk = turn.BatchRows.From(stamp, batch.StopFrom ?? 0, left);
            foreach (var (_, job) in chunk)
            {
                if (turn.Jobs.Find(job) is { State: JobState.Queued or JobState.Running } row)
                    Cancelling.Cancel(turn, row.Id, batch.CancelReason ?? CancelReason.Batch);
            }

            if (chunk.Count == left)
            {
                batch.StopFrom = chunk[^1].Index + 1;
                break;
            }

            left -= chunk.Count;
            batch.StopFrom = null;
            turn.Memory.StoppingBatches.Remove(stamp);
        }

        turn.GoesOn |= turn.Memory.StoppingBatches.Count > 0;
    }

    /// <summary>No effect when it was cancelled before.</summary>
    public static void TellToStop(Turn turn, BatchRow batch, CancelReason reason)
    {
        if (batch.CancelReason is not null)
            return;
        batch.CancelReason = reason;
        batch.IsOpen = false; // an upload in progress learns it with its next line; nothing waits for that
        batch.StopFrom = 0;
        turn.Memory.StoppingBatches.Add(batch.Id.Stamp);
        FinishIfOver(turn, batch);
    }

    public static void CountEnd(Turn turn, long stamp, JobId job, JobState state)
    {
        var batch = turn.Batches.Find(stamp)!;
        batch.Count(state, 1);
        turn.Changes.Add(new JobChange.Numbered(job.Stamp, ++batch.LastCompletion));
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

    private static void FinishIfOver(Turn turn, BatchRow batch)
    {
        if (!batch.IsOver || batch.FinishedAt is not null)
            return;
        batch.FinishedAt = turn.Now;
        if (batch.CallbackUrl is not null)
            Delivering.Announce(turn, batch);
    }
}

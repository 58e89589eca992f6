using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Creates, closes, cancels, finishes and reopens batches.</summary>
internal static class Batching
{
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

    public static bool TakesJobs(Turn turn, JobId id) => turn.Batches.Find(id) is { IsOpen: true };

    /// <summary>Tells the fetched jobs to stop; another turn follows while there are more, or when a batch has to stop whose jobs were not fetched.</summary>
    public static void Stop(Turn turn)
    {
        foreach (var stopping in turn.Fetched.Stopping)
        {
            if (!turn.Memory.StoppingBatches.Contains(stopping.Batch))
                continue; // it is over: nothing is left to stop
            var batch = turn.Batches.Find(stopping.Batch)!;
            if (batch.StopFrom != stopping.From)
                continue; // it was cancelled again in this turn
            foreach (var (_, job) in stopping.Jobs)
            {
                if (turn.Fetched.Job(job) is { State: JobState.Queued or JobState.Running } row)
                    Cancelling.Cancel(turn, row.Id, batch.CancelReason ?? CancelReason.Batch);
            }

            // Jobs may have been added in the turn that cancelled it.
            if (stopping.IsAll && batch.Total == stopping.Total)
            {
                batch.StopFrom = null;
                turn.Memory.StoppingBatches.Remove(stopping.Batch);
            }
            else if (stopping.Jobs.Count > 0)
            {
                batch.StopFrom = stopping.Jobs[^1].Index + 1;
            }
        }

        turn.GoesOn |= turn.Memory.StoppingBatches.Count > 0;
    }

    /// <summary>No effect when it was cancelled before.</summary>
    public static void TellToStop(Turn turn, BatchRow batch, CancelReason reason)
    {
        if (batch.CancelReason is not null)
            return;
        batch.CancelReason = reason;
        batch.IsOpen = false; // an upload in progress notices it with its next line
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
            batch.StopFrom = 0; // the jobs are still being told to stop, this one included
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

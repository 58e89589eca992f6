using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Queued to cancelled at once; running is told to stop.</summary>
internal static class Cancelling
{
    public static CancelOutcome Cancel(Turn turn, JobId job, CancelReason reason)
    {
        if (turn.Jobs.Find(job.Stamp) is not { } row || row.Id != job)
            return new CancelOutcome.NotFound();

        switch (row.State)
        {
            case JobState.Queued:
                CancelQueued(turn, row, reason);
                return new CancelOutcome.Cancelled();
            case JobState.Running:
                turn.Jobs.TellToStop(job.Stamp, reason);
                turn.Memory.Running[row.Lease!.Value].StopReason ??= reason;
                turn.StopRequests.Add(new StopRequest(job, row.CancelReason ?? reason));
                return new CancelOutcome.Stopping();
            case JobState.Cancelled:
                return new CancelOutcome.Cancelled();
            default:
                return new CancelOutcome.Finished(row.State);
        }
    }

    public static void CancelQueued(Turn turn, JobRow row, CancelReason reason)
    {
        if (!turn.Jobs.CancelQueued(row.Id.Stamp, turn.Now, reason))
            return;
        var queue = turn.Memory.Queue(row.QueueId);
        turn.Memory.Heads.Leave(row.Job);
        turn.Memory.Planner.HeadLeft(queue.Entry.Name, row.Key);
        Locking.Leave(turn, row);
        turn.End(row.EndIn(queue), JobState.Queued, JobState.Cancelled, Words.Of(reason));
    }
}

using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Cancels jobs: queued ones at once; running ones are told to stop.</summary>
internal static class Cancelling
{
    public static CancelOutcome Cancel(Turn turn, JobId job, CancelReason reason)
    {
        if (turn.Fetched.Job(job.Stamp) is not { } row || row.Id != job)
            return new CancelOutcome.NotFound();

        if (row.State == JobState.Queued)
            CancelQueued(turn, row, reason);
        if (row.State == JobState.Running)
            TellToStop(turn, row, reason);
        return row.State switch
        {
            JobState.Queued or JobState.Cancelled => new CancelOutcome.Cancelled(),
            JobState.Running => new CancelOutcome.Stopping(),
            JobState.Succeeded or JobState.Failed => new CancelOutcome.Finished(row.State),
        };
    }

    private static void TellToStop(Turn turn, JobRow row, CancelReason reason)
    {
        turn.Changes.Add(new JobChange.ToldToStop(row.Id.Stamp, reason));
        turn.Memory.Running[row.Lease!.Value].StopReason ??= reason;
        turn.StopRequests.Add(new StopRequest(row.Id, row.CancelReason ?? reason));
    }

    public static void CancelQueued(Turn turn, JobRow row, CancelReason reason)
    {
        turn.Changes.Add(new JobChange.Cancelled(row.Id.Stamp, turn.Now, reason));
        var queue = turn.Memory.Queue(row.QueueId);
        turn.Memory.Heads.Leave(row.Job);
        turn.Memory.Planner.HeadLeft(queue.Entry.Name, row.Key);
        Locking.Leave(turn, row);
        turn.End(row.EndIn(queue), JobState.Queued, JobState.Cancelled, WireNames.Of(reason));
    }
}

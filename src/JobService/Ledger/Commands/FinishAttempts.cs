using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger.Commands;

/// <summary>Running to whatever the attempt came to: written only where the lease still holds.</summary>
internal sealed record FinishAttempts(IReadOnlyList<AttemptEnd> Ends) : Command<int>
{
    /// <returns>How many were written.</returns>
    public override int Apply(Turn turn)
    {
        var written = 0;
        foreach (var end in Ends)
        {
            if (!turn.Memory.Running.Remove(end.Lease, out var running))
                continue;
            turn.Memory.Ending[end.Lease] = running;
            written += Finish(turn, end, running) ? 1 : 0;
            Locking.Free(turn, running); // behind the requeue: who comes back stands in the line before those that are younger
        }

        return written;
    }

    /// <summary>What stands for an end that no turn can write: the attempt was made, and what it came to is lost.</summary>
    public static AttemptEnd Unwritable(AttemptEnd end, Exception error) =>
        end with { Outcome = new JobOutcome.Failed(new JobError(ErrorTypes.Processing, "What the attempt came to could not be stored.", Status: null, error.Message)) };

    private static bool Finish(Turn turn, AttemptEnd end, RunningJob running)
    {
        if (running.Hold is { HasReturned: false } hold)
            GiveBack(turn, running, hold, callWasMade: end.StartedAt is not null);
        turn.Memory.Planner.EndCall(running.Hold, isCounted: end.StartedAt is not null);
        if (end.StartedAt is not null)
            turn.Memory.Planner.Started(running.Queue.Entry.Name, running.Key);
        // Nobody has told yet when it started: the claims that would have have not come.
        if (end.StartedAt is { } started && running.Hold is { } late && turn.Memory.Planner.PostponeUntold(late, running.Key, started.UtcTicks, end.CountsAt?.UtcTicks ?? 0))
            turn.Touch(late, running.Key);
        // Only a good answer: what was aborted may still be on its way to the API.
        if (end.Outcome is JobOutcome.Succeeded && running.Hold is { } taken && turn.Memory.Planner.Answered(taken, turn.Now))
            turn.Touch(taken, running.Key);

        var stamp = end.Job.Stamp;
        var startedAt = end.StartedAt?.UtcTicks;
        var endedAt = end.EndedAt.UtcTicks;
        if (end.Outcome is JobOutcome.Succeeded(var result))
        {
            if (!turn.Jobs.Succeed(stamp, end.Lease, startedAt ?? endedAt, endedAt, result))
                return false;
            turn.End(running.End(wasStarted: true), JobState.Running, JobState.Succeeded);
            return true;
        }

        // A job that was told to stop does not go round again.
        var row = turn.Jobs.Find(stamp);
        if (row?.Lease != end.Lease)
            return false;
        var outcome = row.CancelReason is { } reason && end.Outcome is not (JobOutcome.Failed or JobOutcome.Cancelled) ? new JobOutcome.Cancelled(reason) : end.Outcome;
        switch (outcome)
        {
            case JobOutcome.Failed(var error):
                turn.Jobs.Fail(stamp, end.Lease, startedAt, endedAt, undoAttempt: startedAt is null);
                turn.Jobs.WriteError(stamp, error);
                WriteAttempt(turn, row, end, error.Status, "failed");
                turn.End(running.End(wasStarted: startedAt is not null), JobState.Running, JobState.Failed, error.Type);
                break;
            case JobOutcome.Cancelled(var why):
                turn.Jobs.Stop(stamp, end.Lease, startedAt, endedAt, undoAttempt: startedAt is null, row.CancelReason ?? why);
                WriteAttempt(turn, row, end, status: null, "cancelled");
                turn.End(running.End(wasStarted: startedAt is not null), JobState.Running, JobState.Cancelled, Words.Of(row.CancelReason ?? why));
                break;
            case JobOutcome.Retried(var error, var wait):
                turn.Jobs.WriteError(stamp, error);
                WriteAttempt(turn, row, end, error.Status, "failed");
                Requeue(turn, row, end, running.Queue, wait > TimeSpan.Zero ? turn.Now + wait.Ticks : null, countFailure: true, ThrottleMark.Clear, "retry");
                break;
            case JobOutcome.Throttled(var error):
                turn.Jobs.WriteError(stamp, error);
                WriteAttempt(turn, row, end, error.Status, "throttled");
                Requeue(turn, row, end, running.Queue, dueAt: null, countFailure: false, ThrottleMark.Set, "throttled");
                break;
            case JobOutcome.Unstarted:
                if (turn.Memory.Planner.CameBackUnstarted(running.Queue.Entry.Name, running.Key, running.ClaimedAt, turn.Now) is { } pause)
                    turn.BackedOff.Add((running.Queue.Entry.Name, pause));
                Requeue(turn, row, end, running.Queue, dueAt: null, countFailure: false, ThrottleMark.Keep, "unstarted");
                break;
            case JobOutcome.Returned:
                WriteAttempt(turn, row, end, status: null, "interrupted");
                Requeue(turn, row, end, running.Queue, dueAt: null, countFailure: false, ThrottleMark.Keep, "interrupted");
                break;
        }

        return true;
    }

    private static void GiveBack(Turn turn, RunningJob running, LimitHold hold, bool callWasMade)
    {
        if (callWasMade && !hold.EndsWithTheCall)
            return; // what a rate has handed out stays handed out

        turn.Memory.Planner.Return(hold, callWasMade);
        if (!callWasMade)
            turn.Touch(hold, running.Key);
    }

    private static void Requeue(Turn turn, JobRow row, AttemptEnd end, QueueRow queue, long? dueAt, bool countFailure, ThrottleMark throttle, string reason)
    {
        var parked = dueAt is null ? Entering.Enter(turn, queue, row.Arrival, end.Lease) : null;
        turn.Jobs.Requeue(row.Id.Stamp, end.Lease, end.StartedAt?.UtcTicks, turn.Now, dueAt, countFailure, undoAttempt: end.StartedAt is null, throttle, parked);
        queue.Move(JobState.Running, JobState.Queued);
        turn.Memory.Expect(dueAt, row.StartBefore);
        var attempts = end.StartedAt is null ? row.Attempt - 1 : row.Attempt;
        turn.Events?.Add(StoreEvent.OfJob(row.Id, queue.Entry.Name, row.Key, JobState.Queued, attempts, Watching.BatchOf(turn, row.Batch), reason));
    }

    private static void WriteAttempt(Turn turn, JobRow row, AttemptEnd end, int? status, string outcome)
    {
        if (end.StartedAt is { } startedAt)
            turn.Jobs.WriteAttempt(row.Id.Stamp, row.Attempt, startedAt.UtcTicks, end.EndedAt.UtcTicks, status, outcome);
    }
}

using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

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
        end with { Outcome = new JobOutcome.Failed(new JobError(ErrorTypes.Processing, Status: null, $"The result of the attempt could not be stored: {error.Message}")) };

    private static bool Finish(Turn turn, AttemptEnd end, RunningJob running)
    {
        if (running.Hold is { HasReturned: false } hold)
            GiveBack(turn, running, hold, callWasMade: end.StartedAt is not null);
        turn.Memory.Planner.EndCall(running.Hold, isCounted: end.StartedAt is not null, turn.Now);
        if (end.StartedAt is not null)
            turn.Memory.Planner.Started(running.Queue.Entry.Name, running.Key);
        // Nobody has told yet when it started: the claims that would have have not come.
        if (end.StartedAt is { } started && running.Hold is { } late && turn.Memory.Planner.PostponeUntold(late, running.Key, started.UtcTicks, end.CountsAt?.UtcTicks ?? 0))
            turn.Touch(late, running.Key);
        // Only a good answer: what was aborted may still be on its way to the API.
        if (end.Outcome is JobOutcome.Succeeded && running.Hold is { } taken && turn.Memory.Planner.Answered(taken, turn.Now, TimeOf(end)))
            turn.Touch(taken, running.Key);

        if (end.Outcome is JobOutcome.Succeeded(var result))
            return Succeed(turn, end, running, result);
        var row = turn.Jobs.Find(end.Job.Stamp);
        if (row?.Lease != end.Lease)
            return false;

        // A job that was told to stop does not go round again.
        var outcome = row.CancelReason is { } reason && end.Outcome.RunsAgain ? new JobOutcome.Cancelled(reason) : end.Outcome;
        return outcome.Read(new Outcomes(turn, row, end, running));
    }

    /// <summary>Needs no look at the row first: the write itself asks for the lease.</summary>
    private static bool Succeed(Turn turn, AttemptEnd end, RunningJob running, JobResult result)
    {
        var endedAt = end.EndedAt.UtcTicks;
        if (!turn.Jobs.Succeed(end.Job.Stamp, end.Lease, end.StartedAt?.UtcTicks ?? endedAt, endedAt, result))
            return false;
        turn.End(running.End(wasStarted: true), JobState.Running, JobState.Succeeded);
        return true;
    }

    private static CallTime? TimeOf(AttemptEnd end) => end.StartedAt is { } started && end.EndedAt >= started ? new CallTime(started.UtcTicks, end.EndedAt.UtcTicks) : null;

    private static void GiveBack(Turn turn, RunningJob running, LimitHold hold, bool callWasMade)
    {
        if (callWasMade && !hold.EndsWithTheCall)
            return; // what a rate has handed out stays handed out

        turn.Memory.Planner.Return(hold, callWasMade, turn.Now);
        if (!callWasMade)
            turn.Touch(hold, running.Key);
    }

    /// <summary>Writes what each outcome makes of the job, whose lease still holds.</summary>
    private sealed class Outcomes(Turn turn, JobRow row, AttemptEnd end, RunningJob running) : JobOutcome.IReader<bool>
    {
        private readonly long? startedAt = end.StartedAt?.UtcTicks;

        private bool WasStarted => startedAt is not null;

        public bool Read(JobOutcome.Succeeded outcome) => Succeed(turn, end, running, outcome.Result);

        public bool Read(JobOutcome.Failed outcome)
        {
            turn.Jobs.Fail(row.Id.Stamp, end.Lease, startedAt, end.EndedAt.UtcTicks, undoAttempt: !WasStarted);
            turn.Jobs.WriteError(row.Id.Stamp, outcome.Error);
            WriteAttempt(outcome.Error.Status, "failed");
            turn.End(running.End(WasStarted), JobState.Running, JobState.Failed, outcome.Error.Type);
            return true;
        }

        public bool Read(JobOutcome.Cancelled outcome)
        {
            var reason = row.CancelReason ?? outcome.Reason;
            turn.Jobs.Stop(row.Id.Stamp, end.Lease, startedAt, end.EndedAt.UtcTicks, undoAttempt: !WasStarted, reason);
            WriteAttempt(status: null, "cancelled");
            turn.End(running.End(WasStarted), JobState.Running, JobState.Cancelled, Words.Of(reason));
            return true;
        }

        public bool Read(JobOutcome.Retried outcome)
        {
            turn.Jobs.WriteError(row.Id.Stamp, outcome.Error);
            WriteAttempt(outcome.Error.Status, "failed");
            return Requeue(outcome.Wait > TimeSpan.Zero ? turn.Now + outcome.Wait.Ticks : null, countFailure: true, ThrottleMark.Clear, "retry");
        }

        public bool Read(JobOutcome.Throttled outcome)
        {
            turn.Jobs.WriteError(row.Id.Stamp, outcome.Error);
            WriteAttempt(outcome.Error.Status, "throttled");
            return Requeue(dueAt: null, countFailure: false, ThrottleMark.Set, "throttled");
        }

        public bool Read(JobOutcome.Unstarted outcome)
        {
            if (turn.Memory.Planner.CameBackUnstarted(running.Queue.Entry.Name, running.Key, running.ClaimedAt, turn.Now) is { } pause)
                turn.BackedOff.Add((running.Queue.Entry.Name, pause));
            return Requeue(dueAt: null, countFailure: false, ThrottleMark.Keep, "unstarted");
        }

        public bool Read(JobOutcome.Returned outcome)
        {
            WriteAttempt(status: null, "interrupted");
            return Requeue(dueAt: null, countFailure: false, ThrottleMark.Keep, "interrupted");
        }

        private bool Requeue(long? dueAt, bool countFailure, ThrottleMark throttle, string reason)
        {
            var queue = running.Queue;
            var parked = dueAt is null ? Entering.Enter(turn, queue, row.Arrival, end.Lease) : null;
            turn.Jobs.Requeue(row.Id.Stamp, end.Lease, startedAt, turn.Now, dueAt, countFailure, undoAttempt: !WasStarted, throttle, parked);
            queue.Move(JobState.Running, JobState.Queued);
            turn.Memory.Expect(dueAt, row.StartBefore);
            var attempts = WasStarted ? row.Attempt : row.Attempt - 1;
            turn.Events?.Add(StoreEvent.OfJob(row.Id, queue.Entry.Name, row.Key, JobState.Queued, attempts, Watching.BatchOf(turn, row.Batch), reason));
            return true;
        }

        private void WriteAttempt(int? status, string outcome)
        {
            if (startedAt is { } started)
                turn.Jobs.WriteAttempt(row.Id.Stamp, row.Attempt, started, end.EndedAt.UtcTicks, status, outcome);
        }
    }
}

using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Ends attempts: a running job reaches a terminal state or is queued again, only where the lease still holds.</summary>
internal sealed record FinishAttempts(IReadOnlyList<AttemptEnd> Ends) : Command<int>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        foreach (var end in Ends)
        {
            if (memory.Running.GetValueOrDefault(end.Lease)?.Job is not { } job)
                continue;
            if (job.Batch is { } batch)
                wanted.Batches.Add(batch.Stamp);
            if (job.Lock is { } name && memory.Locks.IsWaitedFor(name))
                wanted.Locks.Add(new LockQuery(name)); // the lock is offered to it when this job has ended
        }
    }

    /// <returns>How many were written.</returns>
    public override int Apply(Turn turn)
    {
        var written = 0;
        foreach (var end in Ends)
        {
            if (!turn.Memory.Running.Remove(end.Lease, out var running))
                continue;
            turn.Memory.Ending[end.Lease] = running;
            Finish(turn, end, running);
            written++;
            Locking.Free(turn, running); // after the requeue: a job that returns to the wait queue is before the younger ones
        }

        return written;
    }

    /// <summary>Replaces an end that no turn can write: the attempt was made, and its result is lost.</summary>
    public static AttemptEnd Unwritable(AttemptEnd end, Exception error) =>
        end with { Outcome = new JobOutcome.Failed(new JobError(ErrorTypes.Processing, Status: null, $"The result of the attempt could not be stored: {error.Message}")) };

    private static void Finish(Turn turn, AttemptEnd end, RunningJob running)
    {
        if (running.Hold is { HasReturned: false } hold)
            ReturnLimits(turn, running, hold, callWasMade: end.StartedAt is not null);
        turn.Memory.Planner.EndCall(running.Hold, isCounted: end.StartedAt is not null, turn.Now);
        if (end.StartedAt is not null)
            turn.Memory.Planner.Started(running.Queue.Entry.Name, running.Key);
        // Late starts are reported with the next claim, which may come after this end.
        if (end.StartedAt is { } started && running.Hold is { } late && turn.Memory.Planner.PostponeUntold(late, running.Key, started.UtcTicks, end.CountsAt?.UtcTicks ?? 0))
            turn.Touch(late, running.Key);
        // Only after a success: an aborted call may still be on its way to the API.
        if (end.Outcome is JobOutcome.Succeeded && running.Hold is { } taken && turn.Memory.Planner.Responded(taken, turn.Now, TimeOf(end)))
            turn.Touch(taken, running.Key);

        // A job that was told to stop is not queued again.
        var outcome = running.StopReason is { } reason && end.Outcome.RunsAgain ? new JobOutcome.Cancelled(reason) : end.Outcome;
        outcome.Read(new OutcomeWriter(turn, end, running));
    }

    private static CallTime? TimeOf(AttemptEnd end) => end.StartedAt is { } started && end.EndedAt >= started ? new CallTime(started.UtcTicks, end.EndedAt.UtcTicks) : null;

    private static void ReturnLimits(Turn turn, RunningJob running, LimitHold hold, bool callWasMade)
    {
        if (callWasMade && !hold.EndsWithTheCall)
            return; // a slot that was used is not given back

        turn.Memory.Planner.Return(hold, callWasMade, turn.Now);
        if (!callWasMade)
            turn.Touch(hold, running.Key);
    }

    /// <summary>Writes the transition for each outcome. What the memory knows of the job is valid as long as the lease holds, which each change checks.</summary>
    private sealed class OutcomeWriter(Turn turn, AttemptEnd end, RunningJob running) : JobOutcome.IReader
    {
        private readonly long? startedAt = end.StartedAt?.UtcTicks;

        private long Stamp => running.Job.Stamp;

        private bool WasStarted => startedAt is not null;

        public void Read(JobOutcome.Succeeded outcome)
        {
            var endedAt = end.EndedAt.UtcTicks;
            turn.Changes.Add(new JobChange.Succeeded(Stamp, end.Lease, startedAt ?? endedAt, endedAt, outcome.Result));
            End(JobState.Succeeded, wasStarted: true);
        }

        public void Read(JobOutcome.Failed outcome)
        {
            turn.Changes.Add(new JobChange.Failed(Stamp, end.Lease, startedAt, end.EndedAt.UtcTicks, UndoAttempt: !WasStarted));
            turn.Changes.Add(new JobChange.ErrorWritten(Stamp, outcome.Error));
            WriteAttempt(outcome.Error.Status, "failed");
            End(JobState.Failed, WasStarted, outcome.Error.Type);
        }

        public void Read(JobOutcome.Cancelled outcome)
        {
            var reason = running.StopReason ?? outcome.Reason;
            turn.Changes.Add(new JobChange.Stopped(Stamp, end.Lease, startedAt, end.EndedAt.UtcTicks, UndoAttempt: !WasStarted, reason));
            WriteAttempt(status: null, "cancelled");
            End(JobState.Cancelled, WasStarted, WireNames.Of(reason));
        }

        public void Read(JobOutcome.Retried outcome)
        {
            turn.Changes.Add(new JobChange.ErrorWritten(Stamp, outcome.Error));
            WriteAttempt(outcome.Error.Status, "failed");
            Requeue(outcome.Wait > TimeSpan.Zero ? turn.Now + outcome.Wait.Ticks : null, countFailure: true, ThrottleMark.Clear, "retry");
        }

        public void Read(JobOutcome.Throttled outcome)
        {
            turn.Changes.Add(new JobChange.ErrorWritten(Stamp, outcome.Error));
            WriteAttempt(outcome.Error.Status, "throttled");
            Requeue(dueAt: null, countFailure: false, ThrottleMark.Set, "throttled");
        }

        public void Read(JobOutcome.Unstarted outcome)
        {
            if (!outcome.StartsNext && turn.Memory.Planner.CameBackUnstarted(running.Queue.Entry.Name, running.Key, running.ClaimedAt, turn.Now) is { } pause)
                turn.BackedOff.Add((running.Queue.Entry.Name, pause));
            Requeue(dueAt: null, countFailure: false, ThrottleMark.Keep, "unstarted");
        }

        public void Read(JobOutcome.Returned outcome)
        {
            WriteAttempt(status: null, "interrupted");
            Requeue(dueAt: null, countFailure: false, ThrottleMark.Keep, "interrupted");
        }

        private void End(JobState state, bool wasStarted, string? reason = null) => turn.End(running.End(wasStarted), JobState.Running, state, reason);

        private void Requeue(long? dueAt, bool countFailure, ThrottleMark throttle, string reason)
        {
            var (queue, job) = (running.Queue, running.Job);
            var again = job with
            {
                Attempt = running.AttemptsBy(WasStarted),
                Failures = job.Failures + (countFailure ? 1 : 0),
                ThrottledSince = throttle == ThrottleMark.Clear ? null : job.ThrottledSince ?? (throttle == ThrottleMark.Set ? turn.Now : null),
            };
            var parked = dueAt is null ? Placing.Place(turn, queue, again, end.Lease) : null;
            turn.Changes.Add(new JobChange.Requeued(Stamp, end.Lease, startedAt, turn.Now)
            {
                DueAt = dueAt,
                CountFailure = countFailure,
                UndoAttempt = !WasStarted,
                Throttle = throttle,
                Parked = parked,
            });
            queue.Move(JobState.Running, JobState.Queued);
            Waking.Expect(turn, JobRow.Queued(again, dueAt, parked));
            turn.Events?.Add(StoreEvent.OfJob(job.Id, queue.Entry.Name, job.Key, JobState.Queued, again.Attempt, job.Batch ?? default, reason));
        }

        private void WriteAttempt(int? status, string outcome)
        {
            if (startedAt is { } started)
                turn.Changes.Add(new JobChange.AttemptWritten(Stamp, running.Attempt, started, end.EndedAt.UtcTicks, status, outcome));
        }
    }
}

using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;
using Microsoft.Extensions.Logging;

namespace JobService.Ledger;

/// <summary>Reads the rows into memory when the store is opened.</summary>
internal static partial class Loading
{
    /// <param name="turn">The first turn of a memory.</param>
    /// <param name="rows">All that the memory follows from.</param>
    public static Unfinished Load(Turn turn, ILedgerRows rows)
    {
        var memory = turn.Memory;
        foreach (var limit in rows.Definitions.Limits())
            memory.Enter(limit, turn.Now);
        LoadStates(turn, rows);
        foreach (var queue in rows.Definitions.Queues())
            memory.Enter(queue);
        foreach (var (queueId, key, learned) in rows.Definitions.Lanes())
        {
            if (!learned.IsForgotten(turn.Now))
                memory.Planner.RestoreLane(memory.Queue(queueId).Entry.Name, key, learned);
        }

        foreach (var lane in rows.Jobs.Lanes())
        {
            memory.Planner.Restore(memory.Queue(lane.QueueId).Entry.Name, lane.Key, lane.Jobs, lane.IsCounted);
            if (!lane.IsCounted)
                memory.Uncounted.Add(lane);
        }

        foreach (var (name, lane, count) in rows.Parked.LockQueues())
            memory.Locks.Restore(name, lane, count);
        foreach (var (name, setCount, setAt, isReleasing) in rows.Parked.Signals())
            memory.Signals.Restore(name, setCount, setAt, isReleasing);

        memory.StoppingBatches.UnionWith(rows.Batches.Stopping());
        memory.LastQueue = rows.Definitions.LastQueue();
        memory.LastDelivery = rows.Deliveries.Last();
        memory.NextDueAt = rows.Jobs.NextDue() ?? LedgerMemory.Never;
        memory.NextDueOnWallAt = rows.Jobs.NextDueOnWall() ?? LedgerMemory.Never;
        memory.NextDeadlineAt = rows.Jobs.NextDeadline() ?? LedgerMemory.Never;
        turn.CatalogChanged = true;
        var unfinished = Fetch(turn, rows);
        turn.Changes.Add(new DefinitionChange.LanesForgotten(turn.Now));
        return unfinished;
    }

    /// <summary>Restores what the limits had handed out. Slots may be in the future, and claimed jobs still use theirs: a stored state is distrusted only if it is later than any slot can be.</summary>
    private static void LoadStates(Turn turn, ILedgerRows rows)
    {
        var planner = turn.Memory.Planner;
        var trusted = turn.Now + Claiming.FarthestSlot.Ticks;
        var states = rows.Definitions.States().Where(state => turn.Memory.Limits.ContainsKey(state.Limit)).ToLookup(state => state.Key == LimitStates.CommonKey);
        foreach (var (limit, _, stored) in states[true])
            planner.Named(limit).RestoreCommon(stored.TakenUntil, trusted);
        foreach (var (limit, key, stored) in states[false])
        {
            var waitQueue = planner.StateOf(limit, key);
            waitQueue.State.Restore(waitQueue.Limit.WithCommon(stored), trusted);
            waitQueue.IsStored = true;
        }

        foreach (var (limit, key, at, weight) in rows.Definitions.Starts())
        {
            if (turn.Memory.Limits.ContainsKey(limit) && planner.StateOf(limit, key).State is WindowLimit window)
                window.RestoreStart(at, weight);
        }
    }

    /// <summary>The last process died during these attempts: each counts as a failure, otherwise a poison job would crash the service for ever.</summary>
    public static void FreeRunning(Turn turn, Unfinished unfinished, ILogger logger)
    {
        var (running, open) = unfinished;
        turn.Touch(turn.Memory.Planner.PostponeLost(
            running.Where(row => row.StartedAt is not null).Select(row => new LostStart(turn.Memory.Queue(row.QueueId).Entry.Name, row.Key, row.Job.Weight, row.Job.Weights, row.StartedAt!.Value)), turn.Now));
        foreach (var row in running)
            Free(turn, row);
        if (running.Count > 0)
            LogFreed(logger, running.Count);
        foreach (var batch in open)
            Batching.Close(turn, turn.Batches.Find(batch)!.Id); // their uploads ended with that process
    }

    /// <summary>The process continues, and so do its attempts: they hold what they held.</summary>
    public static void KeepRunning(Turn turn, Unfinished unfinished, LedgerMemory former)
    {
        turn.Memory.LastRevision = Math.Max(turn.Memory.LastRevision, former.LastRevision); // including revisions that are in no row any more
        foreach (var row in unfinished.Running)
        {
            var queue = turn.Memory.Queue(row.QueueId);
            if (row.Lease > former.LastHandedOut)
            {
                Return(turn, row, queue);
                continue;
            }

            // The end that the failed turn would have written is written by a later one.
            var before = former.Ending.GetValueOrDefault(row.Lease!.Value) ?? former.Running[row.Lease.Value];
            var hold = turn.Memory.Planner.Retake(before.Hold, former.Planner, row.Key);
            turn.Touch(hold, row.Key);
            turn.Memory.Running.Add(row.Lease.Value, new RunningJob(before.Job, queue, before.StartedAt, hold) { ClaimedAt = before.ClaimedAt, StopReason = row.CancelReason });
            if (row.Lock is not null)
                turn.Memory.Locks.Take(row.Lock, row.Lease.Value);
        }
    }

    /// <summary>The turn that claimed it was committed, but its answer was lost: the attempt never started.</summary>
    private static void Return(Turn turn, JobRow row, QueueRow queue)
    {
        var again = row.Job with { Attempt = row.Attempt - 1 };
        var parked = Placing.Place(turn, queue, again);
        turn.Changes.Add(new JobChange.Requeued(row.Id.Stamp, row.Lease!.Value, row.StartedAt, turn.Now) { UndoAttempt = true, Throttle = ThrottleMark.Keep, Parked = parked });
        queue.Move(JobState.Running, JobState.Queued);
        Waking.Expect(turn, JobRow.Queued(again, dueAt: null, parked));
    }

    private static Unfinished Fetch(Turn turn, ILedgerRows rows)
    {
        var wanted = new Wanted();
        wanted.Jobs.UnionWith(rows.Jobs.Running());
        wanted.Batches.UnionWith(rows.Batches.Open());
        turn.Fetch(wanted);
        return new Unfinished([.. wanted.Jobs.Select(stamp => turn.Fetched.Job(stamp)!)], [.. wanted.Batches]);
    }

    private static void Free(Turn turn, JobRow row)
    {
        var queue = turn.Memory.Queue(row.QueueId);
        var (stamp, lease) = (row.Id.Stamp, row.Lease!.Value);
        if (row.CancelReason is { } reason)
        {
            turn.Changes.Add(new JobChange.Stopped(stamp, lease, row.StartedAt, turn.Now, UndoAttempt: false, reason));
            turn.End(row.EndIn(queue), JobState.Running, JobState.Cancelled, WireNames.Of(reason));
            return;
        }

        turn.Changes.Add(new JobChange.AttemptWritten(stamp, row.Attempt, row.StartedAt ?? turn.Now, turn.Now, Status: null, "crashed"));
        turn.Changes.Add(new JobChange.ErrorWritten(stamp, new JobError(ErrorTypes.Crash, Status: null, Detail: null)));
        if (row.Job.Failures + 1 >= (row.Job.MaxAttempts ?? queue.Entry.Definition.Retry.MaxAttempts))
        {
            turn.Changes.Add(new JobChange.Failed(stamp, lease, row.StartedAt, turn.Now, UndoAttempt: false));
            turn.End(row.EndIn(queue), JobState.Running, JobState.Failed, ErrorTypes.Crash);
            return;
        }

        var again = row.Job with { Failures = row.Job.Failures + 1 };
        var parked = Placing.Place(turn, queue, again);
        turn.Changes.Add(new JobChange.Requeued(stamp, lease, row.StartedAt, turn.Now) { CountFailure = true, Throttle = ThrottleMark.Keep, Parked = parked });
        queue.Move(JobState.Running, JobState.Queued);
        Waking.Expect(turn, JobRow.Queued(again, dueAt: null, parked));
    }

    /// <param name="Running">Jobs that run, according to their rows.</param>
    /// <param name="OpenBatches">Batches whose upload goes on.</param>
    internal sealed record Unfinished(IReadOnlyList<JobRow> Running, IReadOnlyList<long> OpenBatches);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The previous process ended with {Count} jobs running: each counts a failure and is queued again, or fails when its attempts are used up")]
    private static partial void LogFreed(ILogger logger, int count);
}

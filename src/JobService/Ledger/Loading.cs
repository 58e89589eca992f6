using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;
using Microsoft.Extensions.Logging;

namespace JobService.Ledger;

/// <summary>Rows to memory, when the file is opened.</summary>
internal static partial class Loading
{
    public static void Load(Turn turn)
    {
        var memory = turn.Memory;
        foreach (var limit in turn.Definitions.Limits())
            memory.Enter(limit, turn.Now);
        LoadStates(turn);
        foreach (var queue in turn.Definitions.Queues())
            memory.Enter(queue);
        foreach (var (queueId, key, learned) in turn.Definitions.Lanes())
        {
            if (!learned.IsForgotten(turn.Now))
                memory.Planner.RestoreLane(memory.Queue(queueId).Entry.Name, key, learned);
        }

        foreach (var lane in turn.Jobs.Lanes())
        {
            memory.Planner.Restore(memory.Queue(lane.QueueId).Entry.Name, lane.Key, lane.Jobs, lane.IsCounted);
            if (!lane.IsCounted)
                memory.Uncounted.Add(lane);
        }

        foreach (var (name, lane, count) in turn.Parked.Lines())
            memory.Locks.Restore(name, lane, count);
        foreach (var (name, setCount, setAt, isReleasing) in turn.Parked.Signals())
            memory.Signals.Restore(name, setCount, setAt, isReleasing);

        memory.StoppingBatches.UnionWith(turn.BatchRows.Stopping());
        memory.LastQueue = turn.Definitions.LastQueue();
        memory.LastDelivery = turn.Deliveries.Last();
        memory.NextDueAt = turn.Jobs.NextDue() ?? LedgerMemory.Never;
        memory.NextDueOnWallAt = turn.Jobs.NextDueOnWall() ?? LedgerMemory.Never;
        memory.NextDeadlineAt = turn.Jobs.NextDeadline() ?? LedgerMemory.Never;
        turn.CatalogChanged = true;
        turn.Changes.Add(new DefinitionChange.LanesForgotten(turn.Now));
    }

    /// <summary>What the limits had handed out. Slots lie ahead, and those in hand are still used: only beyond them is a stored state not to be trusted.</summary>
    private static void LoadStates(Turn turn)
    {
        var planner = turn.Memory.Planner;
        var trusted = turn.Now + Claiming.FarthestSlot.Ticks;
        foreach (var (limit, key, stored) in turn.Definitions.States())
        {
            if (!turn.Memory.Limits.ContainsKey(limit))
                continue;
            var line = planner.StateOf(limit, key);
            line.State.Restore(stored, trusted);
            line.IsStored = true;
        }

        foreach (var (limit, key, at, weight) in turn.Definitions.Starts())
        {
            if (turn.Memory.Limits.ContainsKey(limit) && planner.StateOf(limit, key).State is WindowLimit window)
                window.RestoreStart(at, weight);
        }
    }

    /// <summary>The last process died in the middle of these attempts: each counts a failure, or a poison job would crash the service for ever.</summary>
    public static void FreeRunning(Turn turn, ILogger logger)
    {
        var running = turn.Jobs.Running().Select(stamp => turn.Jobs.Find(stamp)!).ToList();
        turn.Touch(turn.Memory.Planner.PostponeLost(
            running.Where(row => row.StartedAt is not null).Select(row => new LostStart(turn.Memory.Queue(row.QueueId).Entry.Name, row.Key, row.Job.Weight, row.Job.Weights, row.StartedAt!.Value)), turn.Now));
        foreach (var row in running)
            Free(turn, row);
        if (running.Count > 0)
            LogFreed(logger, running.Count);
        Batching.CloseAll(turn); // the uploads died with it
    }

    /// <summary>The process lives and so do its attempts: they hold what they held.</summary>
    public static void KeepRunning(Turn turn, LedgerMemory former)
    {
        turn.Memory.LastRevision = Math.Max(turn.Memory.LastRevision, former.LastRevision); // also those that are in no row any more
        foreach (var stamp in turn.Jobs.Running())
        {
            var row = turn.Jobs.Find(stamp)!;
            var queue = turn.Memory.Queue(row.QueueId);
            // The end that the failed turn was about to write is still to come.
            var before = former.Ending.GetValueOrDefault(row.Lease!.Value) ?? former.Running[row.Lease.Value];
            var hold = turn.Memory.Planner.Retake(before.Hold, former.Planner, row.Key);
            turn.Touch(hold, row.Key);
            turn.Memory.Running.Add(row.Lease.Value, new RunningJob(before.Job, queue, before.StartedAt, hold) { ClaimedAt = before.ClaimedAt, StopReason = row.CancelReason });
            if (row.Lock is not null)
                turn.Memory.Locks.Take(row.Lock, row.Lease.Value);
        }
    }

    private static void Free(Turn turn, JobRow row)
    {
        var queue = turn.Memory.Queue(row.QueueId);
        var (stamp, lease) = (row.Id.Stamp, row.Lease!.Value);
        if (row.CancelReason is { } reason)
        {
            turn.Changes.Add(new JobChange.Stopped(stamp, lease, row.StartedAt, turn.Now, UndoAttempt: false, reason));
            turn.End(row.EndIn(queue), JobState.Running, JobState.Cancelled, Words.Of(reason));
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

        var parked = Entering.Enter(turn, queue, row.Job with { Failures = row.Job.Failures + 1 });
        turn.Changes.Add(new JobChange.Requeued(stamp, lease, row.StartedAt, turn.Now) { CountFailure = true, Throttle = ThrottleMark.Keep, Parked = parked });
        queue.Move(JobState.Running, JobState.Queued);
        turn.Memory.Expect(dueAt: null, row.Job.StartBefore);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The previous process ended with {Count} jobs running: each counts a failure and is queued again, or fails when its attempts are used up")]
    private static partial void LogFreed(ILogger logger, int count);
}

using JobService.Jobs;
using JobService.Limits;
using Microsoft.Extensions.Logging;

namespace JobService.Storage.Sqlite;

/// <summary>Rows to memory, when the file is opened.</summary>
internal static partial class Loading
{
    public static void Load(SqliteTurn turn)
    {
        var memory = turn.Memory;
        foreach (var limit in turn.Definitions.Limits())
        {
            memory.Enter(limit, turn.Now);
            if (turn.Definitions.State(limit.Entry.Name) is not var (takenUntil, pausedUntil))
                continue;
            var state = memory.Planner.Limit(limit.Entry.Name);
            // Slots lie ahead, and those in hand are still used: only beyond them is a stored state not to be trusted.
            state.Restore(new StoredLimit(takenUntil, pausedUntil, Factor: 1, FactorAt: 0, PacedUntil: 0), turn.Now + Claiming.FarthestSlot.Ticks);
        }

        foreach (var queue in turn.Definitions.Queues())
            memory.Enter(queue);
        foreach (var (queueId, key, until) in turn.Definitions.PausedLanes(turn.Now))
            memory.Planner.PauseLane(memory.Queue(queueId).Entry.Name, key, until);
        foreach (var (queueId, key) in turn.Jobs.Lanes())
            memory.Planner.Arrive(memory.Queue(queueId).Entry.Name, key);

        memory.NextDueAt = turn.Jobs.NextDue() ?? StoreMemory.Never;
        memory.NextDeadlineAt = turn.Jobs.NextDeadline() ?? StoreMemory.Never;
        turn.CatalogChanged = true;
    }

    /// <summary>The last process died in the middle of these attempts: each counts a failure, or a poison job would crash the service for ever.</summary>
    public static void FreeRunning(SqliteTurn turn, ILogger logger)
    {
        var running = turn.Jobs.Running();
        foreach (var stamp in running)
            Free(turn, turn.Jobs.Find(stamp)!);
        if (running.Count > 0)
            LogFreed(logger, running.Count);
    }

    /// <summary>The process lives and so do its attempts: they hold what they held.</summary>
    public static void KeepRunning(SqliteTurn turn, StoreMemory former)
    {
        foreach (var stamp in turn.Jobs.Running())
        {
            var row = turn.Jobs.Find(stamp)!;
            var queue = turn.Memory.Queue(row.QueueId);
            var callIsOver = former.Running.TryGetValue(row.Lease!.Value, out var before) && before.Hold is null;
            var hold = callIsOver ? null : turn.Memory.Planner.Retake(queue.Entry.Name, row.StartedAt ?? turn.Now, row.Weight);
            turn.Memory.Running.Add(row.Lease.Value, new RunningJob(row.Id, queue, hold));
        }
    }

    private static void Free(SqliteTurn turn, JobRow row)
    {
        var queue = turn.Memory.Queue(row.QueueId);
        var (stamp, lease) = (row.Id.Stamp, row.Lease!.Value);
        if (row.CancelReason is { } reason)
        {
            turn.Jobs.Stop(stamp, lease, row.StartedAt, turn.Now, undoAttempt: false, reason);
            turn.End(row.Id, queue, JobState.Running, JobState.Cancelled);
            return;
        }

        turn.Jobs.WriteAttempt(stamp, row.Attempt, row.StartedAt ?? turn.Now, turn.Now, status: null, "crashed");
        turn.Jobs.WriteError(stamp, new JobError(ErrorTypes.Crash, "The service went down in the middle of the attempt.", Status: null, Detail: null));
        if (row.Failures + 1 >= (row.MaxAttempts ?? queue.Entry.Definition.Retry.MaxAttempts))
        {
            turn.Jobs.Fail(stamp, lease, row.StartedAt, turn.Now, undoAttempt: false);
            turn.End(row.Id, queue, JobState.Running, JobState.Failed);
            return;
        }

        turn.Jobs.Requeue(stamp, lease, row.StartedAt, turn.Now, dueAt: null, countFailure: true, undoAttempt: false, ThrottleMark.Keep);
        queue.Move(JobState.Running, JobState.Queued);
        turn.Memory.Expect(dueAt: null, row.StartBefore);
        turn.Memory.Planner.Arrive(queue.Entry.Name, row.Key);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last process died with {Count} jobs running: each counts a failure and is queued again, or ends by its policy")]
    private static partial void LogFreed(ILogger logger, int count);
}

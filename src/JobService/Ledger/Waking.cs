using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Changes caused by time alone: jobs that have become due, and jobs whose deadline has passed.</summary>
internal static class Waking
{
    /// <summary>Names the rows that <see cref="Wake"/> needs. Jobs that become due by this turn follow in the next one.</summary>
    public static void Want(Turn turn, Wanted wanted)
    {
        var memory = turn.Memory;
        if (memory.NextDeadlineAt <= turn.Wall)
            wanted.LateBy = turn.Wall;
        if (memory.NextDueAt <= turn.Now || memory.NextDueOnWallAt <= turn.Wall)
            wanted.DueBy = (turn.Now, turn.Wall);
        foreach (var name in memory.Signals.Releasing)
            wanted.Releasing.Add((name, memory.Signals[name].SetCount));
        wanted.Stopping.UnionWith(memory.StoppingBatches);
    }

    public static void Wake(Turn turn)
    {
        CancelLate(turn);
        LetGo(turn);
        Signalling.Release(turn);
        Batching.Stop(turn);
    }

    /// <summary>Stores the next due times before the commands run, because these may add earlier ones.</summary>
    public static void NoteNext(Turn turn)
    {
        var (memory, fetched) = (turn.Memory, turn.Fetched);
        if (fetched.NextDue is var (ofStore, onWall))
            (memory.NextDueAt, memory.NextDueOnWallAt) = (ofStore, onWall);
        memory.NextDeadlineAt = fetched.NextDeadline ?? memory.NextDeadlineAt;
    }

    /// <summary>A job is queued, again or for the first time: its due time and its deadline are noted. If the deadline has passed, it is cancelled in the same turn, before it can be claimed.</summary>
    public static void Expect(Turn turn, JobRow row, bool isOnWall = false)
    {
        turn.Memory.Expect(isOnWall ? null : row.DueAt, row.Job.StartBefore, isOnWall ? row.DueAt : null);
        if (row.Job.StartBefore > turn.Wall || row.Job.StartBefore is null)
            return;
        turn.Fetched.PutJob(row.Id.Stamp, row);
        turn.Fetched.Late.Add(row.Id.Stamp);
    }

    private static void LetGo(Turn turn)
    {
        foreach (var stamp in turn.Fetched.Due)
        {
            // Another command of the turn may have changed it.
            if (turn.Fetched.Job(stamp) is { State: JobState.Queued, DueAt: not null } row)
                turn.Changes.Add(new JobChange.CameDue(stamp, Placing.Place(turn, turn.Memory.Queue(row.QueueId), row.Job)));
        }
    }

    private static void CancelLate(Turn turn)
    {
        foreach (var stamp in turn.Fetched.Late)
        {
            if (turn.Fetched.Job(stamp) is { State: JobState.Queued } row && row.Job.StartBefore <= turn.Wall)
                Cancelling.CancelQueued(turn, row, CancelReason.Deadline);
        }
    }
}

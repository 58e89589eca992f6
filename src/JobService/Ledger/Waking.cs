using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Changes caused by time alone: waiting jobs whose moment has come, and jobs whose deadline has passed.</summary>
internal static class Waking
{
    /// <summary>Rows per turn: many jobs that become due at once must not delay everything else.</summary>
    private const int RowsPerTurn = 500;

    public static void Wake(Turn turn)
    {
        if (turn.Memory.NextDeadlineAt <= turn.Wall)
            CancelLate(turn);
        if (turn.Memory.NextDueAt <= turn.Now || turn.Memory.NextDueOnWallAt <= turn.Wall)
            LetGo(turn);
        if (turn.Memory.Signals.Releasing.Count > 0)
            Signalling.Release(turn);
        if (turn.Memory.StoppingBatches.Count > 0)
            Batching.Stop(turn);
    }

    private static void LetGo(Turn turn)
    {
        var due = turn.Jobs.DueOnWall(turn.Wall, RowsPerTurn);
        due.AddRange(turn.Jobs.Due(turn.Now, RowsPerTurn - due.Count));
        foreach (var job in due)
            turn.Changes.Add(new JobChange.CameDue(job.Stamp, Entering.Enter(turn, turn.Memory.Queue(job.QueueId), job)));

        turn.Memory.NextDueOnWallAt = turn.Jobs.NextDueOnWall() ?? LedgerMemory.Never;
        turn.Memory.NextDueAt = turn.Jobs.NextDue() ?? LedgerMemory.Never;
    }

    private static void CancelLate(Turn turn)
    {
        foreach (var stamp in turn.Jobs.Late(turn.Wall, RowsPerTurn))
            Cancelling.CancelQueued(turn, turn.Jobs.Find(stamp)!, CancelReason.Deadline);
        turn.Memory.NextDeadlineAt = turn.Jobs.NextDeadline() ?? LedgerMemory.Never;
    }
}

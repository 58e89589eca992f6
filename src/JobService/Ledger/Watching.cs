using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Telling those who watch.</summary>
internal static class Watching
{
    private const int KnownBatches = 1_000;

    /// <summary>Among the changes and in order with them: what comes before it in the stream has led to it, what comes behind follows from it.</summary>
    public static bool Tell(Turn turn, JobId job)
    {
        if (turn.Jobs.Find(job.Stamp) is not { } row || row.Id != job || turn.Memory.FindQueue(row.QueueId) is not { } queue)
            return false;

        var reason = row.State == JobState.Cancelled ? Words.Of(row.CancelReason!.Value) : null;
        var now = StoreEvent.OfJob(job, queue.Entry.Name, row.Key, row.State, row.Attempt, BatchOf(turn, row.Batch), reason);
        turn.Events?.Add(now with { Kind = StoreEventKind.JobAsItStands });
        return true;
    }

    /// <summary>The row knows its batch by number only; the id is looked up once for many jobs.</summary>
    public static JobId BatchOf(Turn turn, long? stamp)
    {
        if (stamp is not { } number)
            return default;

        var ids = turn.Memory.BatchIds;
        if (ids.TryGetValue(number, out var id))
            return id;
        if (ids.Count == KnownBatches)
            ids.Clear();
        return ids[number] = turn.BatchRows.Find(number)!.Id;
    }
}

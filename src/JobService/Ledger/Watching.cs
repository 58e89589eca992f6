using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The batch of a job, for its events.</summary>
internal static class Watching
{
    private const int KnownBatches = 1_000;

    /// <summary>A row has only the number of its batch; the id is looked up once for many jobs.</summary>
    public static JobId BatchOf(Turn turn, long? stamp)
    {
        if (stamp is not { } number)
            return default;

        var ids = turn.Memory.BatchIds;
        if (ids.TryGetValue(number, out var id))
            return id;
        if (ids.Count == KnownBatches)
            ids.Clear();
        return ids[number] = turn.Batches.Changing(number)?.Id ?? turn.IdOfBatch(number);
    }
}

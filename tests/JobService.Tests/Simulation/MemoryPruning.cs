using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>Rows that nobody needs any more, looked for on walks through the tables.</summary>
internal sealed class MemoryPruning(MemoryDatabase database)
{
    public PruneFound Find(PruneQuery query)
    {
        var jobs = Jobs(query, out var end);
        return new PruneFound(jobs, end, Batches(query), States(query), Starts(query));
    }

    private List<OldJob> Jobs(PruneQuery query, out long end)
    {
        var old = new List<OldJob>();
        var looked = 0;
        end = query.Walks.Job;
        foreach (var (stamp, job) in database.Jobs.All.Where(job => job.Key > query.Walks.Job && job.Key < query.Newest).OrderBy(job => job.Key).Take(query.MaxRows))
        {
            if (old.Count == query.AtMost)
                break;
            looked++;
            end = stamp;
            if (IsOld(job, query.FinishedBefore))
                old.Add(new OldJob(stamp, job.Row.QueueId, job.Row.State, job.Row.Job.HasCallback, job.Row.Batch?.Stamp));
        }

        if (old.Count < query.AtMost && looked < query.MaxRows)
            end = 0;
        return old;
    }

    private bool IsOld(StoredJob job, long before) =>
        job.Row.State >= JobState.Succeeded && job.FinishedAt < before
        && (job.Row.Batch is not { } batch || database.Batches.Find(batch.Stamp)?.FinishedAt < before)
        && !(job.Row.Job.HasCallback && IsToldOf(job.Row.Id.Stamp));

    private List<(long Stamp, string? Idempotency)> Batches(PruneQuery query) => [.. database.Batches.Rows
        .Where(batch => batch.FinishedAt < query.FinishedBefore && database.JobsBy.InBatch.Of(batch.Id.Stamp).Count == 0 && !IsToldOf(batch.Id.Stamp))
        .OrderBy(batch => batch.FinishedAt).ThenBy(batch => batch.Id.Stamp)
        .Take(query.AtMost).Select(batch => (batch.Id.Stamp, batch.Idempotency))];

    private List<(string Limit, string Key, long Until)> States(PruneQuery query) => [.. database.States.Rows
        .OrderBy(state => state.Limit, StringComparer.Ordinal).ThenBy(state => state.Key, StringComparer.Ordinal)
        .SkipWhile(state => Compare(state.Limit, query.Walks.State.Limit, state.Key, query.Walks.State.Key) <= 0)
        .Take(query.MaxRows)
        .Select(state => (state.Limit, state.Key, new[] { state.State.TakenUntil, state.State.PausedUntil, state.State.PacedUntil, state.State.FactorAt }.Max()))];

    private List<(string Limit, string Key, long At)> Starts(PruneQuery query) => [.. database.Starts.Rows
        .OrderBy(start => start.Limit, StringComparer.Ordinal).ThenBy(start => start.Key, StringComparer.Ordinal).ThenBy(start => start.At)
        .SkipWhile(start => (Compare(start.Limit, query.Walks.Start.Limit, start.Key, query.Walks.Start.Key), start.At.CompareTo(query.Walks.Start.At)) is ( < 0, _) or (0, <= 0))
        .Take(query.MaxRows)
        .Select(start => (start.Limit, start.Key, start.At))];

    private bool IsToldOf(long subject) => database.Deliveries.Rows.Any(delivery => delivery.Row.Subject == subject && delivery.Row.State == DeliveryState.Pending);

    private static int Compare(string limit, string otherLimit, string key, string otherKey)
    {
        var byLimit = string.CompareOrdinal(limit, otherLimit);
        return byLimit != 0 ? byLimit : string.CompareOrdinal(key, otherKey);
    }
}

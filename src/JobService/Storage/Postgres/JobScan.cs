using JobService.Jobs;

namespace JobService.Storage.Postgres;

/// <summary>Finds the jobs that match a filter, newest first.</summary>
internal static class JobScan
{
    /// <param name="filter">What is wanted.</param>
    /// <param name="states">Only jobs in one of these.</param>
    /// <returns>A statement that yields stamp and salt.</returns>
    public static string Of(JobFilter filter, IReadOnlyList<JobState>? states)
    {
        // Each half has its own order by the row number, and most filters concern one of them only.
        var wanted = filter.State is { } only ? [only] : states ?? [JobState.Queued, JobState.Running, JobState.Succeeded, JobState.Failed, JobState.Cancelled];
        if (states is not null && filter.State is { } one && !states.Contains(one))
            wanted = [];
        var active = wanted.Where(state => state < JobState.Succeeded).ToArray();
        var ended = wanted.Where(state => state >= JobState.Succeeded).ToArray();
        string[] halves = [.. Half("active_jobs", active, all: 2), .. Half("ended_jobs", ended, all: 3)];
        return halves.Length == 0
            ? "SELECT 0::bigint AS stamp, 0::bigint AS salt WHERE false AND @limit = @before"
            : $"SELECT stamp, salt FROM ({string.Join(" UNION ALL ", halves)}) both_halves ORDER BY stamp DESC LIMIT @limit";

        IEnumerable<string> Half(string table, JobState[] of, int all)
        {
            if (of.Length == 0)
                yield break;
            var tagged = filter.Tag is null ? "" : "JOIN tags t ON t.stamp = j.stamp AND t.tag = @Tag ";
            var inState = of.Length == all ? "" : $" AND j.state IN ({string.Join(',', of.Select(state => (int)state))})";
            yield return $"(SELECT j.stamp, j.salt FROM {table} j {tagged}WHERE j.stamp < @before{Conditions(filter)}{inState} ORDER BY j.stamp DESC LIMIT @limit)";
        }
    }

    public static object Parameters(JobFilter filter, int limit, long before) => new
    {
        filter.Queue,
        filter.Key,
        Tag = filter.Tag is var (name, value) ? $"{name}:{value}" : null,
        BatchStamp = filter.Batch?.Stamp,
        BatchSalt = filter.Batch?.Salt,
        limit,
        before,
    };

    private static string Conditions(JobFilter filter) =>
        (filter.Queue is null ? "" : " AND j.queue_id = (SELECT id FROM queues WHERE name = @Queue)")
        + (filter.Key is null ? "" : " AND j.key = @Key" + (filter.Key.Length > 0 ? " AND j.key <> ''" : ""))
        + (filter.Batch is null ? "" : " AND j.batch = (SELECT stamp FROM batches WHERE stamp = @BatchStamp AND salt = @BatchSalt)");
}

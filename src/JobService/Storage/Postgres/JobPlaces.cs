using Dapper;
using JobService.Jobs;
using JobService.Ledger;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>Finds the positions of queued jobs within their lanes, or within the wait queues of their locks, and what goes before them there.</summary>
internal static class JobPlaces
{
    /// <summary>Jobs counted in one lane; a position beyond them is of no use.</summary>
    private const int MaxCounted = 1_000;

    /// <summary>Jobs counted for a list, over all of its lanes, and the minimum for each lane.</summary>
    private const int MaxCountedInList = 20_000;
    private const int MinCounted = 20;

    private const string InLane = """
        SELECT stamp, weight, weights FROM active_jobs
        WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = @Queue) AND key = @Key
        ORDER  BY rank, stamp LIMIT @counted
        """;

    private const string InLockQueue = "SELECT stamp, weight, weights FROM active_jobs WHERE state = 0 AND parked = 0 AND lock = @Lock ORDER BY rank, stamp LIMIT @counted";

    public static async Task FindAsync(NpgsqlConnection connection, List<JobRead> jobs)
    {
        var lanes = jobs.Where(job => job.State == JobState.Queued && job.DueAt is null && !(job.Parked > Parked.InLockQueue))
            .GroupBy(job => job.Parked == Parked.InLockQueue ? (job.Lock, Queue: "", Key: "") : (Lock: null, job.Queue, job.Key)).ToList();
        if (lanes.Count == 0)
            return;
        var counted = Math.Clamp(MaxCountedInList / lanes.Count, MinCounted, MaxCounted);
        foreach (var lane in lanes)
        {
            var rows = await connection.QueryAsync<(long Stamp, int Weight, string? Weights)>(lane.Key.Lock is null ? InLane : InLockQueue, new { lane.Key.Lock, lane.Key.Queue, lane.Key.Key, counted });
            PlacesAhead.Count(rows.Select(row => (row.Stamp, (long)row.Weight, row.Weights)), lane.ToDictionary(job => job.Stamp));
        }
    }
}

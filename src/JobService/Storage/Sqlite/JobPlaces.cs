using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Finds the positions of queued jobs within their lanes, or within the wait queues of their locks, and what goes before them there.</summary>
/// <remarks>Each lane is scanned once from its head, however many of its jobs are wanted: a list of the last ones of a long lane costs no more than one of them.</remarks>
internal static class JobPlaces
{
    /// <summary>Jobs counted in one lane; a position beyond them is of no use.</summary>
    private const int MaxCounted = 1_000;

    /// <summary>Jobs counted for a list, over all of its lanes, and the minimum for each lane.</summary>
    private const int MaxCountedInList = 20_000;
    private const int MinCounted = 20;

    private const string InLane = """
        SELECT stamp, weight, weights FROM jobs INDEXED BY jobs_ready
        WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = ?1) AND key = ?2
        ORDER  BY priority DESC, stamp LIMIT ?3
        """;

    private const string InLockQueue = """
        SELECT stamp, weight, weights FROM jobs INDEXED BY jobs_locked WHERE state = 0 AND parked = 0 AND lock = ?1 ORDER BY priority DESC, stamp LIMIT ?3
        """;

    /// <summary>Sets positions from 1; none beyond 1 000, or when the job is in no lane and no wait queue.</summary>
    /// <returns>How many lanes and wait queues were scanned.</returns>
    public static int Find(SqliteConnection connection, IReadOnlyList<JobRead> jobs)
    {
        var lanes = jobs.Where(job => job.State == JobState.Queued && job.DueAt is null && !(job.Parked > Parked.InLockQueue))
            .GroupBy(job => job.Parked == Parked.InLockQueue ? (Lock: job.Lock, Queue: "", Key: "") : (Lock: null, job.Queue, job.Key)).ToList();
        if (lanes.Count == 0)
            return 0; // most jobs that are read have ended: for these no statement is compiled
        var counted = Math.Clamp(MaxCountedInList / lanes.Count, MinCounted, MaxCounted);
        using var inLane = new SqliteStatement(connection.Handle!, InLane);
        using var inLockQueue = new SqliteStatement(connection.Handle!, InLockQueue);
        foreach (var lane in lanes)
        {
            var rows = lane.Key.Lock is { } name ? inLockQueue.Bind(1, name) : inLane.Bind(1, lane.Key.Queue).Bind(2, lane.Key.Key);
            PlacesAhead.Count(InOrder(rows.Bind(3, counted)), lane.ToDictionary(job => job.Stamp));
            rows.Reset();
        }

        return lanes.Count;
    }

    private static IEnumerable<(long Stamp, long Weight, string? Weights)> InOrder(SqliteStatement rows)
    {
        while (rows.Step())
            yield return (rows.Int64(0), rows.Int64(1), rows.TextOrNull(2));
    }
}

using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Signals, and queued jobs that are in no lane: those in the wait queue of a lock, and those that wait for a signal.</summary>
internal sealed class ParkedRows(sqlite3 database) : IParkedRows, SignalChange.IWriter, IDisposable
{
    private readonly SqliteStatement selectFirst = new(database, $"""
        SELECT {JobRows.JobColumns} FROM jobs INDEXED BY jobs_locked
        WHERE  state = 0 AND parked = 0 AND lock = ?1
        ORDER  BY priority DESC, stamp LIMIT 1
        """);

    private readonly SqliteStatement selectFirstOfLane = new(database, $"""
        SELECT {JobRows.JobColumns} FROM jobs INDEXED BY jobs_locked_lanes
        WHERE  state = 0 AND parked = 0 AND lock = ?1 AND queue_id = ?2 AND key = ?3
        ORDER  BY priority DESC, stamp LIMIT 1
        """);

    private readonly SqliteStatement countLockQueues = new(database, """
        SELECT lock, queue_id, key, count(*) FROM jobs INDEXED BY jobs_locked_lanes WHERE state = 0 AND parked = 0 GROUP BY lock, queue_id, key
        """);

    private readonly SqliteStatement selectReleased = new(database, $"""
        SELECT {JobRows.JobColumns} FROM jobs INDEXED BY jobs_signalled
        WHERE  state = 0 AND parked > 0 AND signal = ?1 AND parked <= ?2
        LIMIT  ?3
        """);

    private readonly SqliteStatement selectSignals = new(database, """
        SELECT name, set_count, set_at, EXISTS (
                 SELECT 1 FROM jobs INDEXED BY jobs_signalled WHERE state = 0 AND parked > 0 AND signal = s.name AND parked <= s.set_count)
        FROM   signals s
        """);

    private readonly SqliteStatement putSignal = new(database, "INSERT OR REPLACE INTO signals (name, set_count, set_at) VALUES (?1, ?2, ?3)");

    private readonly SqliteStatement deleteSignal = new(database, "DELETE FROM signals WHERE name = ?1");

    /// <summary>The first job of a lock's wait queue, or of those of one lane in it; null when there is none.</summary>
    public JobRow? First(LockQuery query) => JobRows.ReadJobs(query.Lane is var (queueId, key)
        ? selectFirstOfLane.Bind(1, query.Name).Bind(2, queueId).Bind(3, key)
        : selectFirst.Bind(1, query.Name)).FirstOrDefault();

    public List<(string Lock, (long QueueId, string Key) Lane, int Count)> LockQueues()
    {
        var queues = new List<(string, (long, string), int)>();
        while (countLockQueues.Step())
            queues.Add((countLockQueues.Text(0), (countLockQueues.Int64(1), countLockQueues.Text(2)), countLockQueues.Int32(3)));
        return queues;
    }

    /// <summary>Jobs that waited for these signals when they were set.</summary>
    public void FetchReleased(Fetched fetched, IReadOnlyList<(string Name, long SetCount)> releasing)
    {
        var left = Wanted.MostDue;
        foreach (var (name, setCount) in releasing)
        {
            if (left == 0)
                break;
            var jobs = JobRows.ReadJobs(selectReleased.Bind(1, name).Bind(2, setCount).Bind(3, left));
            foreach (var job in jobs)
                fetched.PutJob(job.Id.Stamp, job);
            fetched.Released.Add(new ReleasedJobs(name, setCount, jobs.ConvertAll(job => job.Id.Stamp), jobs.Count < left));
            left -= jobs.Count;
        }
    }

    public List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals()
    {
        var signals = new List<(string, long, long?, bool)>();
        while (selectSignals.Step())
            signals.Add((selectSignals.Text(0), selectSignals.Int64(1), selectSignals.Int64OrNull(2), selectSignals.Int32(3) == 1));
        return signals;
    }

    public int Write(SignalChange.Put change) => putSignal.Bind(1, change.Name).Bind(2, change.SetCount).Bind(3, change.SetAt).Run();

    public int Write(SignalChange.Deleted change) => deleteSignal.Bind(1, change.Name).Run();

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            selectFirst, selectFirstOfLane, countLockQueues, selectReleased, selectSignals, putSignal, deleteSignal,
        })
        {
            statement.Dispose();
        }
    }
}

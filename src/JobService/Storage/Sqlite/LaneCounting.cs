using JobService.Ledger;
using JobService.Ledger.Commands;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Counts the jobs of long lanes after the start, on its own thread and connection.</summary>
/// <remarks>Created before the memory is read, it sees the same rows, whatever is written meanwhile: later changes are applied to the memory.</remarks>
internal sealed partial class LaneCounting : IDisposable
{
    /// <summary>Lanes reported to the writer together.</summary>
    private const int PerCommand = 1_000;

    private readonly SqliteConnection connection;
    private readonly ILogger logger;
    private Thread? thread;
    private volatile bool stopping;

    public LaneCounting(SqliteDatabase database, ILogger logger)
    {
        this.logger = logger;
        connection = database.Connect();
        try
        {
            Run("BEGIN");
            Run("SELECT 1 FROM jobs LIMIT 1"); // from this read on it sees nothing newer
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <param name="memory">The memory, with the lanes to count.</param>
    /// <param name="tell">Hands a part of the counts to the writer.</param>
    public void Start(LedgerMemory memory, Action<CountLanes> tell)
    {
        var (number, lanes) = (memory.Number, memory.Uncounted.ToArray());
        memory.Uncounted.Clear();
        memory.Uncounted.TrimExcess();
        if (lanes.Length == 0)
        {
            connection.Dispose();
            return;
        }

        thread = new Thread(() => Count(number, lanes, tell)) { IsBackground = true, Name = "lane counting", Priority = ThreadPriority.BelowNormal };
        thread.Start();
    }

    /// <summary>Stops the count: the other lanes stay uncounted.</summary>
    public void Dispose()
    {
        stopping = true;
        if (thread is null)
        {
            connection.Dispose();
            return;
        }

        thread.Join();
    }

    private void Count(long number, LaneFound[] lanes, Action<CountLanes> tell)
    {
        try
        {
            // SQLite checks from time to time whether to continue: one lane may hold all jobs.
            raw.sqlite3_progress_handler(connection.Handle, 100_000, _ => stopping ? 1 : 0, null);
            using var count = new SqliteStatement(connection.Handle!, $"SELECT count(*) {JobRows.FromLanes} AND queue_id = ?1 AND key = ?2");
            foreach (var part in lanes.Chunk(PerCommand))
                tell(new CountLanes(number, Array.ConvertAll(part, lane => Rest(count, lane))));
        }
        catch (StorageUnavailableException)
        {
            // The writer is closed: the counts are no longer needed.
        }
        catch (SqliteException error)
        {
            if (!stopping)
                LogUncounted(logger, error);
        }
        finally
        {
            connection.Dispose();
        }
    }

    private static LaneRest Rest(SqliteStatement count, LaneFound lane)
    {
        count.Bind(1, lane.QueueId).Bind(2, lane.Key).Step();
        var rest = new LaneRest(lane.QueueId, lane.Key, count.Int32(0) - lane.Jobs);
        count.Reset();
        return rest;
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteScalar();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Long lanes could not be counted: the `waiting` of limits is too low until those jobs have started")]
    private static partial void LogUncounted(ILogger logger, Exception error);
}

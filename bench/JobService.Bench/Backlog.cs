using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using JobService.Jobs;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;

namespace JobService.Bench;

/// <summary>A database in which millions of jobs wait: made by the service, filled beside it with rows like those that it writes, since a POST for each would take an hour.</summary>
internal sealed class Backlog : IDisposable
{
    public const string Queue = "bench";

    private static readonly string[] limits = ["slow"];

    private readonly DirectoryInfo folder = BenchService.NewDataFolder();

    private readonly string file;

    private Backlog() => file = Path.Combine(folder.FullName, "jobs.db");

    /// <param name="jobs">So many wait.</param>
    /// <param name="keys">They belong to so many keys, in turn; 1: to none.</param>
    /// <param name="payload">Of each job.</param>
    public static async Task<Backlog> MakeAsync(int jobs, int keys, string payload = "1")
    {
        var backlog = new Backlog();
        await using (var service = await JobServiceProcess.StartAsync(backlog.folder))
        {
            // So slow that the jobs stay, so quick that nobody waits long for the first.
            (await service.Client.PutAsJsonAsync("/v1/limits/slow", new { kind = "rate", permits = 100 })).EnsureSuccessStatusCode();
            (await service.Client.PutAsJsonAsync($"/v1/queues/{Queue}", new { target = new { kind = "simulated" }, limits, capacity = 100_000_000 })).EnsureSuccessStatusCode();
            await service.StopAsync();
        }

        if (jobs > 0)
            backlog.Fill(jobs, keys, payload);
        return backlog;
    }

    /// <summary>Starts the service on it.</summary>
    /// <returns>The service, and the time from its start until <c>/readyz</c> answered 200.</returns>
    public async Task<(ServerProcess Service, TimeSpan Ready)> StartAsync()
    {
        var started = Stopwatch.GetTimestamp();
        var service = await JobServiceProcess.StartAsync(folder);
        return (service, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Jobs of the queue that have been claimed so far, all openings together.</summary>
    public static async Task<long> ClaimedAsync(ServerProcess service)
    {
        var counts = (await service.Client.GetFromJsonAsync<JsonElement>($"/v1/queues/{Queue}")).GetProperty("counts");
        return counts.GetProperty("running").GetInt64() + counts.GetProperty("succeeded").GetInt64();
    }

    /// <summary>Does something with a copy of the file.</summary>
    public T OnACopy<T>(Func<SqliteDatabase, T> what)
    {
        var copy = Path.Combine(folder.FullName, "copy.db");
        File.Copy(file, copy, overwrite: true);
        using var database = SqliteDatabase.Open(copy);
        return what(database);
    }

    /// <summary>Jobs of the queue that have ended, after the service has stopped.</summary>
    public long Ended()
    {
        using var database = SqliteDatabase.Open(file);
        using var connection = database.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT succeeded_count FROM queues WHERE name = '{Queue}'";
        return (long)command.ExecuteScalar()!;
    }

    public void Dispose() => folder.Delete(recursive: true);

    private void Fill(int jobs, int keys, string payload)
    {
        using var database = SqliteDatabase.Open(file);
        using var connection = database.Connect();
        // Nothing here has to survive a crash, and an index that is built at the end is built ten times as fast.
        Run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;");
        var indexes = Texts("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs' AND sql IS NOT NULL");
        foreach (var name in Texts("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs' AND sql IS NOT NULL"))
            Run($"DROP INDEX {name}");
        var now = TimeProvider.System.GetUtcNow();
        var first = now.AddHours(-1).ToUnixTimeMilliseconds() << JobId.CounterBits;
        Run($"""
            INSERT INTO jobs (stamp, salt, queue_id, key, state, priority, weight, attempt, failures, created_at)
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT {jobs})
            SELECT {first} + i, random() & {long.MaxValue >> 1}, (SELECT id FROM queues WHERE name = '{Queue}'), {(keys == 1 ? "''" : $"printf('customer-%d', i % {keys})")}, 0, 0, 1, 0, 0, {now.AddHours(-1).UtcTicks} FROM n;
            INSERT INTO bodies (stamp, payload) SELECT stamp, CAST('{payload}' AS BLOB) FROM jobs;
            UPDATE queues SET queued_count = {jobs} WHERE name = '{Queue}';
            """);
        foreach (var index in indexes)
            Run(index);
        Run("PRAGMA journal_mode = WAL;");

        void Run(string sql)
        {
            using var command = connection.CreateCommand();
            (command.CommandText, command.CommandTimeout) = (sql, 0);
            command.ExecuteNonQuery();
        }

        List<string> Texts(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using SqliteDataReader reader = command.ExecuteReader();
            var texts = new List<string>();
            while (reader.Read())
                texts.Add(reader.GetString(0));
            return texts;
        }
    }
}

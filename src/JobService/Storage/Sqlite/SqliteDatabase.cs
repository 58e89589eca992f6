using Dapper;
using DbUp;
using JobService.Jobs;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The file: one process at a time, a fit version of SQLite, the right schema, the right pragmas.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>Versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode (https://sqlite.org/wal.html, "the WAL-reset bug").</summary>
    private const int OldestSafeVersion = 3_051_003;

    private readonly FileStream processLock;
    private readonly string connectionString;

    private SqliteDatabase(string path, FileStream processLock)
    {
        Path = path;
        this.processLock = processLock;
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadWriteCreate }.ToString();
    }

    public string Path { get; }

    /// <exception cref="StorageUnavailableException">Another process holds the file, or the folder cannot be written.</exception>
    public static SqliteDatabase Open(string path)
    {
        Batteries_V2.Init();
        if (raw.sqlite3_libversion_number() < OldestSafeVersion)
            throw new StorageUnavailableException($"SQLite {raw.sqlite3_libversion().utf8_to_string()} can corrupt a database in WAL mode; 3.51.3 or newer is needed.");

        var fullPath = System.IO.Path.GetFullPath(path);
        var database = new SqliteDatabase(fullPath, LockFile(fullPath));
        try
        {
            // SQLite makes its other files with the mode of this one. Behind the lock: closing a file that a connection has open would drop that connection's locks.
            OpenOwn(fullPath, FileShare.ReadWrite | FileShare.Delete).Dispose();
            database.Migrate();
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return database;
    }

    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA busy_timeout = 5000;
            PRAGMA foreign_keys = ON;
            PRAGMA trusted_schema = OFF;
            PRAGMA wal_autocheckpoint = 1000;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA cache_size = -65536;
            PRAGMA secure_delete = ON;
            """;
        pragmas.ExecuteNonQuery();
        return connection;
    }

    /// <summary>Notes this opening.</summary>
    /// <returns>Its number, the highest row number of any job, and the latest time that stands in the file, in ticks.</returns>
    public (long Opening, long LastStamp, long LastTime) Enter(DateTimeOffset now)
    {
        using var connection = Connect();
        // MAX of an empty table is NULL, and max() of a NULL is NULL.
        var lastStamp = connection.ExecuteScalar<long>("SELECT max(COALESCE((SELECT max(stamp) FROM jobs), 0), COALESCE((SELECT max(stamp) FROM batches), 0))");
        var lastOpened = connection.ExecuteScalar<long?>("SELECT max(opened_at) FROM opens") ?? 0;
        var opening = connection.ExecuteScalar<long>("INSERT INTO opens (opened_at) VALUES (@Ticks) RETURNING id", new { Ticks = now.UtcTicks });
        var lastCreated = DateTimeOffset.FromUnixTimeMilliseconds(lastStamp >> JobId.CounterBits);
        return (opening, lastStamp, Math.Max(lastCreated.UtcTicks, lastOpened));
    }

    public void Dispose() => processLock.Dispose();

    private static FileStream LockFile(string path)
    {
        try
        {
            MakeFolder(System.IO.Path.GetDirectoryName(path)!);
            return OpenOwn(path + ".lock", FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"{path} cannot be opened: {error.Message} One process at a time may use it.", error);
        }
    }

    /// <summary>Payloads, results and headers are nobody else's business on a machine of many users. What exists keeps the mode that the operator gave it.</summary>
    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static FileStream OpenOwn(string path, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    private void Migrate()
    {
        var upgrade = DeployChanges.To
            .SqliteDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(typeof(SqliteDatabase).Assembly, name => name.Contains(".Sqlite.Migrations.", StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        if (!upgrade.Successful)
            throw new StorageUnavailableException($"{Path} could not be brought to the schema of this version: {upgrade.Error.Message}", upgrade.Error);
    }
}

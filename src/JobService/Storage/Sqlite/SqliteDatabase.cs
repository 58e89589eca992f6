using Dapper;
using DbUp;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The database file: ensures a single process, a safe version of SQLite, the current schema and the right pragmas.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>Versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode (https://sqlite.org/wal.html, "the WAL-reset bug").</summary>
    private const int OldestSafeVersion = 3_051_003;

    /// <summary>Page cache of a connection.</summary>
    /// <remarks>
    /// Small on purpose: a commit that has split a page scans the whole cache (SQLite renumbers pages through one beyond the end of the file, and everything there
    /// is discarded at the end of every transaction), which took a fifth of the writer's time with 64 MiB. The kernel caches the rest.
    /// </remarks>
    private const int CacheKilobytes = 8 * 1024;

    private readonly FileStream processLock;
    private readonly string connectionString;
    private string? damage;

    private SqliteDatabase(string path, FileStream processLock)
    {
        Path = path;
        this.processLock = processLock;
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadWriteCreate }.ToString();
    }

    public string Path { get; }

    /// <summary>The damage that was found; null while there is none. From then on nothing more is written: SQLite might overwrite data elsewhere.</summary>
    public string? Damage => Volatile.Read(ref damage);

    /// <exception cref="StorageUnavailableException">It cannot be opened: another process has it open, it or its companion files cannot be written, it is damaged, or of a newer version.</exception>
    public static SqliteDatabase Open(string path)
    {
        Batteries_V2.Init();
        // No connection is used by two threads at once, so none needs a lock around each call. Connections already open in this process keep theirs.
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        if (raw.sqlite3_libversion_number() < OldestSafeVersion)
            throw new StorageUnavailableException($"SQLite {raw.sqlite3_libversion().utf8_to_string()} can corrupt a database in WAL mode; 3.51.3 or newer is needed.");

        var fullPath = System.IO.Path.GetFullPath(path);
        if (OpeningFault.OfFolder(fullPath) is { } folder)
            throw folder;
        var database = new SqliteDatabase(fullPath, LockFile(fullPath));
        try
        {
            // SQLite creates its other files with the mode of this one. After taking the lock: closing a file that a connection has open would drop that connection's locks.
            OpenOwn(fullPath, FileShare.ReadWrite | FileShare.Delete).Dispose();
            database.Migrate();
        }
        catch (Exception error) when (IsDamage(error) || OpeningFault.IsOfTheFile(error))
        {
            database.Dispose();
            throw database.Unavailable(error);
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
        // Query plans must not depend on bound values: otherwise a statement with LIMIT ? is recompiled whenever it is bound, even to the same number.
        _ = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = $"""
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA busy_timeout = 5000;
            PRAGMA foreign_keys = ON;
            PRAGMA trusted_schema = OFF;
            PRAGMA wal_autocheckpoint = 4000;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA cache_size = -{CacheKilobytes};
            PRAGMA secure_delete = ON;
            """;
        pragmas.ExecuteNonQuery();
        return connection;
    }

    /// <summary>Records this opening.</summary>
    public StoreOpening Enter(TimeProvider time)
    {
        using var connection = Connect();
        // MAX of an empty table is NULL, and max() of a NULL is NULL.
        var lastStamp = connection.ExecuteScalar<long>("SELECT max(COALESCE((SELECT max(stamp) FROM jobs), 0), COALESCE((SELECT max(stamp) FROM batches), 0))");
        var lastOpened = connection.ExecuteScalar<long?>("SELECT max(opened_at) FROM opens") ?? 0;
        var lastCreated = DateTimeOffset.FromUnixTimeMilliseconds(lastStamp >> JobId.CounterBits);
        var stored = connection.QuerySingleOrDefault<ClockRead>("SELECT store_time AS StoreTime, wall_time AS WallTime, stopwatch AS Stopwatch, boot_id AS BootId FROM clock")?.Stored;
        // Row numbers and openings come from the wall clock, which may have been ahead: they are used only if there is nothing better.
        var (clock, jumped) = stored is { } last ? StoreClock.GoOn(time, last) : (new StoreClock(time, Math.Max(lastCreated.UtcTicks, lastOpened)), 0);
        var number = connection.ExecuteScalar<long>("INSERT INTO opens (opened_at) VALUES (@Now) RETURNING id", new { clock.Now });
        return new StoreOpening(number, lastStamp, clock, jumped);
    }

    /// <summary>Records an error if it shows that the file is damaged.</summary>
    /// <returns>True when that was not known before.</returns>
    public bool FindsDamage(Exception error) =>
        IsDamage(error) && Interlocked.CompareExchange(ref damage, Damaged(error), null) is null;

    /// <summary>The message for the operator when the file cannot be opened.</summary>
    public StorageUnavailableException Unavailable(Exception error) => IsDamage(error) ? new StorageUnavailableException(Damaged(error), error) : OpeningFault.Of(Path, error);

    public void Dispose() => processLock.Dispose();

    private static bool IsDamage(Exception error) => error is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB };

    private string Damaged(Exception error) => $"{Path} is damaged ({error.Message}) Stop the service and put a backup in its place, or recover what can be read with '.recover' of the SQLite shell.";

    private static FileStream LockFile(string path)
    {
        try
        {
            MakeFolder(System.IO.Path.GetDirectoryName(path)!);
            return OpenOwn(path + ".lock", FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw OpeningFault.Of(path, error);
        }
    }

    /// <summary>Payloads, results and headers must not be readable by other users of the machine. Existing files keep the mode that the operator gave them.</summary>
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
        var upgrader = DeployChanges.To
            .SqliteDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(typeof(SqliteDatabase).Assembly, name => name.Contains(".Sqlite.Migrations.", StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build();
        var unknown = upgrader.GetExecutedScripts().Except(upgrader.GetDiscoveredScripts().Select(script => script.Name)).Order(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new StorageUnavailableException(
                $"{Path} was written by a newer version of JobService: this one does not know {string.Join(", ", unknown.Select(NameOf))}. Run that version or a later one, or name another file in JobService:Storage:Path.");
        }

        var upgrade = upgrader.PerformUpgrade();
        if (IsDamage(upgrade.Error) || OpeningFault.IsOfTheFile(upgrade.Error))
            throw upgrade.Error;
        if (!upgrade.Successful)
            throw new StorageUnavailableException($"{Path} could not be brought to the schema of this version: {upgrade.Error.Message}", upgrade.Error);
    }

    // JobService.Storage.Sqlite.Migrations.0012_what.sql → 0012_what
    private static string NameOf(string script) => script.Split('.') is [.., var name, _] ? name : script;
}

internal sealed record ClockRead(long StoreTime, long WallTime, long Stopwatch, string BootId)
{
    public StoredClock Stored => new(StoreTime, WallTime, Stopwatch, BootId);
}

using System.Net.Sockets;
using DbUp;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>The database: its connections, its schema, and what its errors mean.</summary>
internal sealed class PostgresDatabase : IDisposable
{
    /// <summary>Key of the lock under which one node migrates: "JobServ" as bytes.</summary>
    private const long MigrationLock = 0x4A6F_6253_6572_76;

    /// <summary>Another node has taken the term.</summary>
    private const string TermLost = "JS001";

    private readonly NpgsqlDataSource source;
    private readonly string connectionString;

    private PostgresDatabase(NpgsqlConnectionStringBuilder settings)
    {
        Name = $"{settings.Host}/{settings.Database}";
        source = NpgsqlDataSource.Create(settings);
        settings.Pooling = false; // of what migrates, no connection stays open
        connectionString = settings.ConnectionString;
    }

    /// <summary>Host and database, without user and password.</summary>
    public string Name { get; }

    /// <exception cref="StorageUnavailableException">It cannot be connected to, or its schema is of a newer version.</exception>
    public static PostgresDatabase Open(string connectionString)
    {
        var database = new PostgresDatabase(SettingsOf(connectionString));
        try
        {
            database.Migrate();
        }
        catch (Exception error) when (IsOfStorage(error) || error is PostgresException)
        {
            database.Dispose();
            throw new StorageUnavailableException($"PostgreSQL at {database.Name} cannot be used: {error.Message.TrimEnd('.', ' ')}.", error);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return database;
    }

    public NpgsqlConnection Connect() => source.OpenConnection();

    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken giveUp) => source.OpenConnectionAsync(giveUp);

    /// <summary>False for an error in a statement or a value, which says nothing about the database.</summary>
    public static bool IsOfStorage(Exception error) => error switch
    {
        PostgresException { SqlState: TermLost } => true,
        // Classes of errors in data, integrity and syntax, and our own for rows that disagree with the memory.
        PostgresException { SqlState: var state } => !(state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal)
            || state.StartsWith("42", StringComparison.Ordinal) || state.StartsWith("54", StringComparison.Ordinal) || state.StartsWith("JS", StringComparison.Ordinal)),
        NpgsqlException or SocketException or TimeoutException or StorageUnavailableException => true,
        _ => false,
    };

    public void Dispose() => source.Dispose();

    /// <remarks>
    /// Statements are not prepared by name: behind a pooler the next one may run on another connection. Cancelling a command opens a connection, too: with these settings a network that hangs is
    /// noticed within seconds.
    /// </remarks>
    private static NpgsqlConnectionStringBuilder SettingsOf(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 0, GssEncryptionMode = GssEncryptionMode.Disable };
        Default("Timeout", () => settings.Timeout = 3);
        Default("Command Timeout", () => settings.CommandTimeout = 5);
        Default("Keepalive", () => settings.KeepAlive = 2);
        Default("Maximum Pool Size", () => settings.MaxPoolSize = 20);
        Default("Application Name", () => settings.ApplicationName = "JobService");
        Default("Write Buffer Size", () => settings.WriteBufferSize = 64 * 1024);
        return settings;

        void Default(string keyword, Action set)
        {
            if (!settings.ContainsKey(keyword))
                set();
        }
    }

    /// <summary>One node migrates, the others wait for it.</summary>
    private void Migrate()
    {
        using var guard = Connect();
        using var transaction = guard.BeginTransaction();
        using (var take = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", guard, transaction) { Parameters = { new NpgsqlParameter<long> { TypedValue = MigrationLock } }, CommandTimeout = 60 })
            take.ExecuteNonQuery();

        var upgrader = DeployChanges.To
            .PostgresqlDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(typeof(PostgresDatabase).Assembly, name => name.Contains(".Postgres.Migrations.", StringComparison.Ordinal))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build();

        var unknown = upgrader.GetExecutedScripts().Except(upgrader.GetDiscoveredScripts().Select(script => script.Name)).Order(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new StorageUnavailableException(
                $"The database at {Name} was written by a newer version of JobService: this one does not know {string.Join(", ", unknown)}. Run that version or a later one, or name another database in JobService:Storage:Postgres.");
        }

        var upgrade = upgrader.PerformUpgrade();
        if (!upgrade.Successful)
            throw new StorageUnavailableException($"The database at {Name} could not be brought to the schema of this version: {upgrade.Error.Message}", upgrade.Error);
        transaction.Commit();
    }
}

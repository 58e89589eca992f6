using System.Diagnostics;
using JobService.Storage.Postgres;
using Npgsql;

namespace JobService.Tests.Support;

/// <summary>A PostgreSQL of the test run's own: in a temporary folder, on a port of this machine that nobody else uses, gone with the run.</summary>
internal sealed class PostgresCluster : IDisposable
{
    private static readonly Lazy<PostgresCluster> shared = new(() => new PostgresCluster());
    private const string Installed = "/usr/lib/postgresql";
    private const string Template = "migrated";

    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-postgres-").FullName;
    private readonly string data;
    private readonly string bin;
    private readonly Lock migrated = new();
    private readonly int port = FreePort.Next();

    private int databases;
    private bool isMigrated;

    public PostgresCluster()
    {
        var versions = Directory.Exists(Installed) ? Directory.GetDirectories(Installed) : [];
        Assert.True(versions.Length > 0, "PostgreSQL is missing: scripts/test.sh installs it.");
        bin = Path.Combine(versions.Max(StringComparer.Ordinal)!, "bin");
        data = Path.Combine(folder, "data");
        if (IsRoot) // it refuses to run as root
            Run("chown", "postgres", folder);
        RunAsOwner("initdb", "-D", data, "-U", "jobs", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
        Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
    }

    /// <summary>One for all tests that do not stop it.</summary>
    public static PostgresCluster Shared => shared.Value;

    /// <summary>Ends it, if it was started. At the exit of the process that would take longer than the test runner waits.</summary>
    public static void EndShared()
    {
        if (shared.IsValueCreated)
            shared.Value.Dispose();
    }

    /// <summary>A new database.</summary>
    /// <returns>Its connection string.</returns>
    public string CreateDatabase()
    {
        lock (migrated)
        {
            if (!isMigrated)
            {
                Create(Template, "template1");
                PostgresDatabase.Open(StringFor(Template)).Dispose();
                isMigrated = true;
            }

            return Create($"jobs{++databases}", Template);
        }
    }

    /// <summary>A new database without the tables.</summary>
    public string CreateEmpty()
    {
        lock (migrated)
            return Create($"jobs{++databases}", "template1");
    }

    private string Create(string name, string template)
    {
        using var admin = NpgsqlDataSource.Create(StringFor("postgres"));
        using var create = admin.CreateCommand($"CREATE DATABASE {name} TEMPLATE {template}");
        create.ExecuteNonQuery();
        return StringFor(name);
    }

    public void Start() => RunAsOwner(
        "pg_ctl", "start", "-w", "-s", "-D", data, "-l", Path.Combine(folder, "log"),
        "-o", $"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB -c fsync=off -c autovacuum=off -c log_min_messages=fatal");

    /// <summary>As after a crash: connections break off, and the next start recovers.</summary>
    public void Kill() => RunAsOwner("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", data);

    public void Dispose()
    {
        if (!Directory.Exists(folder))
            return;
        Kill();
        Directory.Delete(folder, recursive: true);
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string StringFor(string database) => $"Host=127.0.0.1;Port={port};Username=jobs;Database={database};Maximum Pool Size=20";

    private void RunAsOwner(string program, params string[] arguments)
    {
        var path = Path.Combine(bin, program);
        if (IsRoot)
            Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]);
        else
            Run(path, arguments);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardOutput = true, UseShellExecute = false })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}

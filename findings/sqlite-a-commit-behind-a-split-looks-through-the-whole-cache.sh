#!/usr/bin/env bash
# SQLite 3.53.4 (SQLitePCLRaw.bundle_e_sqlite3 3.0.5): a commit whose transaction has split a page of an index looks through the connection's whole page cache.
#
# Guess before: what a COMMIT costs depends on the pages that the transaction changed; a larger `cache_size` makes it cheaper or leaves it as it is.
# Seen: with 100,000 pages in the cache, a transaction that inserts one row with a random key takes 0.5 ms of CPU; with 4,000 it takes 0.03 ms. One that updates a row in
# place takes some microseconds with both. Balancing gives pages their final numbers by way of the number of the lock byte's page, far behind the end of the file. At the end
# of the transaction the cache is cut down to the size of the file, and since a number so high has been in it, every slot is looked at. A cache that was made smaller by
# PRAGMA keeps its slots: only a new connection is cheap again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > try.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.Data.Sqlite.Core" Version="10.0.15" />
    <PackageReference Include="SQLitePCLRaw.bundle_e_sqlite3" Version="3.0.5" />
  </ItemGroup>
</Project>
XML
cat > Program.cs <<'CS'
using System.Diagnostics;
using Microsoft.Data.Sqlite;

const int Commits = 5_000;

const string Insert = "INSERT INTO rows (n, name) VALUES (0, randomblob(100))";
const string Update = "UPDATE rows SET n = n + 1 WHERE id = 7";

using (var first = Open(cacheKilobytes: 2_000))
{
    Run(first, "CREATE TABLE filler (id INTEGER PRIMARY KEY, body BLOB); CREATE TABLE rows (id INTEGER PRIMARY KEY, n INTEGER, name BLOB); CREATE INDEX by_name ON rows (name)");
    Run(first, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO filler SELECT i, randomblob(440) FROM n");
    Run(first, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO rows SELECT i, 0, randomblob(100) FROM n");
    Console.WriteLine($"SQLite {first.ServerVersion}");
}

var (insertLarge, updateLarge) = (Cpu(Insert, cacheKilobytes: 80_000), Cpu(Update, cacheKilobytes: 80_000));
var (insertSmall, updateSmall) = (Cpu(Insert, cacheKilobytes: 2_000), Cpu(Update, cacheKilobytes: 2_000));
Console.WriteLine($"insert with splits: {insertLarge:0} µs of CPU with 50 MB cached, {insertSmall:0} µs with 2 MB; update in place: {updateLarge:0} and {updateSmall:0} µs");
return insertLarge > 3 * insertSmall && updateLarge < 3 * updateSmall ? 0 : 1;

static double Cpu(string sql, int cacheKilobytes)
{
    using var connection = Open(cacheKilobytes);
    Run(connection, "SELECT sum(length(body)) FROM filler");
    using var command = connection.CreateCommand();
    command.CommandText = sql;
    command.Prepare();
    var before = Process.GetCurrentProcess().UserProcessorTime;
    for (var i = 0; i < Commits; i++)
        command.ExecuteNonQuery(); // a transaction of its own
    return (Process.GetCurrentProcess().UserProcessorTime - before).TotalMicroseconds / Commits;
}

static SqliteConnection Open(int cacheKilobytes)
{
    var connection = new SqliteConnection("Data Source=try.db;Pooling=False");
    connection.Open();
    Run(connection, $"PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -{cacheKilobytes}");
    return connection;
}

static void Run(SqliteConnection connection, string sql)
{
    using var command = connection.CreateCommand();
    command.CommandText = sql;
    using var reader = command.ExecuteReader();
    do
    {
        while (reader.Read())
        {
        }
    }
    while (reader.NextResult());
}
CS
dotnet run -c Release --verbosity quiet

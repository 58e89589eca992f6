#!/usr/bin/env bash
# SQLite 3.53.4 (SQLitePCLRaw.bundle_e_sqlite3 3.0.5): a prepared statement with LIMIT ? is compiled anew at each run before which that parameter was bound.
#
# Guess before: a prepared statement is compiled once; binding another value, and certainly the same value, costs nothing but the binding.
# Seen: of ten runs with LIMIT ? bound to 5 each time, all ten compile the statement again (SQLITE_STMTSTATUS_REPREPARE); with LIMIT ?+0, or with
# SQLITE_DBCONFIG_ENABLE_QPSG on the connection, none does. The planner looks at the value, and whatever it has looked at makes the plan stale when it is bound.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > try.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="SQLitePCLRaw.bundle_e_sqlite3" Version="3.0.5" /></ItemGroup>
</Project>
XML
cat > Program.cs <<'CS'
using SQLitePCL;

const int Recompiled = 5; // SQLITE_STMTSTATUS_REPREPARE

Batteries_V2.Init();
Console.WriteLine($"SQLite {raw.sqlite3_libversion().utf8_to_string()}");
var (bound, computed, stable) = (Count("LIMIT ?", false), Count("LIMIT ? + 0", false), Count("LIMIT ?", true));
Console.WriteLine($"compiled anew in 10 runs: LIMIT ? {bound}, LIMIT ? + 0 {computed}, LIMIT ? with QPSG {stable}");
return (bound, computed, stable) == (10, 0, 0) ? 0 : 1;

static int Count(string limit, bool isStable)
{
    raw.sqlite3_open(":memory:", out var db);
    raw.sqlite3_db_config(db, raw.SQLITE_DBCONFIG_ENABLE_QPSG, isStable ? 1 : 0, out _);
    raw.sqlite3_exec(db, "CREATE TABLE rows (id INTEGER PRIMARY KEY); INSERT INTO rows VALUES (1), (2), (3), (4), (5), (6), (7)");
    raw.sqlite3_prepare_v2(db, $"SELECT id FROM rows ORDER BY id {limit}", out var statement);
    for (var run = 0; run < 10; run++)
    {
        raw.sqlite3_bind_int(statement, 1, 5);
        while (raw.sqlite3_step(statement) == raw.SQLITE_ROW)
        {
        }

        raw.sqlite3_reset(statement);
    }

    return raw.sqlite3_stmt_status(statement, Recompiled, 0);
}
CS
dotnet run -c Release --verbosity quiet

#!/usr/bin/env bash
# SQLite 3.53.4 as SQLitePCLRaw.bundle_e_sqlite3 3.0.5 (NuGet) builds it calls fsync at each commit; Debian's SQLite calls fdatasync.
#
# Guess before: both call fdatasync on Linux, which leaves out what of the file's metadata is not needed to read it back (the time of its last change).
# Seen, with journal_mode WAL and synchronous FULL, ten commits of one row after creating the table:
#   SQLitePCLRaw.bundle_e_sqlite3 3.0.5: fsync, no fdatasync
#   Debian's sqlite3 3.40.1: fdatasync, no fsync
# SQLite takes fdatasync only where it was compiled with HAVE_FDATASYNC. What follows: a time of fdatasync, as disk benchmarks give it, is the least that a commit takes here; fsync adds the
# file system's own journal for the time stamp (docs/guarantees.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq strace=6.1-0.1 libunwind8 liblzma5 sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 libreadline8 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
libraries=$folder/unpacked/usr/lib/x86_64-linux-gnu:$folder/unpacked/lib/x86_64-linux-gnu

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
using Microsoft.Data.Sqlite;

using var connection = new SqliteConnection("Data Source=nuget.db;Pooling=False");
connection.Open();
foreach (var statement in args[0].Split(';', StringSplitOptions.RemoveEmptyEntries))
{
    using var command = connection.CreateCommand();
    command.CommandText = statement;
    command.ExecuteNonQuery();
}
CS
dotnet build -c Release --verbosity quiet -nologo >/dev/null

sql="PRAGMA journal_mode = WAL;PRAGMA synchronous = FULL;CREATE TABLE rows (n INTEGER);$(printf 'INSERT INTO rows VALUES (%s);' 1 2 3 4 5 6 7 8 9 10)"
traced() {  # the file that the calls are written to, then the program
  LD_LIBRARY_PATH=$libraries unpacked/usr/bin/strace -f -y -e trace=fsync,fdatasync -o "$1" "${@:2}" "$sql" >/dev/null
}
traced nuget.calls bin/Release/net10.0/try
traced debian.calls unpacked/usr/bin/sqlite3 debian.db

told() {  # which of the two calls reached the write-ahead log once a commit or more often, and which never
  for call in fsync fdatasync; do
    count=$(grep -c " $call([0-9]*<[^>]*-wal>" "$1" || true)
    if ((count >= 10)); then echo -n "$call "; elif ((count > 0)); then echo -n "$call:$count "; fi
  done
}
{ echo "NuGet: $(told nuget.calls)"; echo "Debian: $(told debian.calls)"; } | tee seen
printf 'NuGet: fsync \nDebian: fdatasync \n' | diff - seen && echo "As it was."

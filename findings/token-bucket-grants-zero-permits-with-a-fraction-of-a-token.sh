#!/usr/bin/env bash
# TokenBucketRateLimiter of System.Threading.RateLimiting 10.0.10 (NuGet), one token a second: asking for 0 permits to see whether a call would pass.
#
# Guessed before running: AttemptAcquire(0) and AttemptAcquire(1) agree, since 0 is the documented way to ask whether the limit is reached.
# Seen: 0.3 s after the bucket was emptied, 0 permits are granted and 1 is refused; so does the partitioned limiter. Inside the bucket stands a fraction of a token,
# and "more than nothing" is enough for 0. CurrentAvailablePermits says 0 all the time.
#   empty: zero False, one False, statistics 0
#   0.3 s later: zero True, one False, statistics 0
# What follows: a door that looks with 0 and takes 1 only for what it refuses is open nearly always. Take the token first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > see.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="System.Threading.RateLimiting" Version="10.0.10" /></ItemGroup>
</Project>
XML
cat > Program.cs <<'CS'
using System.Threading.RateLimiting;

using var bucket = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
    { TokenLimit = 2, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0, AutoReplenishment = false });
bucket.AttemptAcquire(2);
Tell("empty");
Thread.Sleep(300);
bucket.TryReplenish();
Tell("0.3 s later");

void Tell(string when) => Console.WriteLine(
    $"{when}: zero {bucket.AttemptAcquire(0).IsAcquired}, one {bucket.AttemptAcquire(1).IsAcquired}, statistics {bucket.GetStatistics()!.CurrentAvailablePermits}");
CS
dotnet run --verbosity quiet > seen.txt
cat seen.txt
diff seen.txt - <<'TEXT'
empty: zero False, one False, statistics 0
0.3 s later: zero True, one False, statistics 0
TEXT

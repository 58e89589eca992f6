#!/usr/bin/env bash
# Measures every row of bench/README.md, or only the rows named: scripts/bench.sh submit whole
# Progress goes to stderr, the table to stdout. Exit code 1 when a row falls short.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build bench/JobService.Bench -c Release -v quiet >&2
exec dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll "${@:-all}"

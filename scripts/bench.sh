#!/usr/bin/env bash
# Measures every row of bench/README.md, or only the rows named: scripts/bench.sh submit whole
# scripts/bench.sh before COMMIT (or the path of a JobService.dll) measures this build beside an earlier one, which is built from the history and removed at the end.
# Progress goes to stderr, the table to stdout. Exit code 1 when a row falls short.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows=("${@:-all}")
if [ "${1:-}" = before ] && [ $# -ge 2 ] && [ ! -f "$2" ]; then
  folder="$(mktemp -d)"
  trap 'git worktree remove --force "$folder/build" || git worktree prune; rm -rf "$folder"' EXIT
  rows[1]="$(scripts/build-commit.sh "$2" "$folder/build")"
fi
dotnet build bench/JobService.Bench -c Release -v quiet >&2
dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll "${rows[@]}"

#!/usr/bin/env bash
# Attacks a fresh service with default settings in each of many ways, or only in those named, and says how much memory it took at most: scripts/memory.sh results pages
# With "small" in front: attacks of the size that the test suite makes, on a service whose budgets are at their least.
# Progress goes to stderr, the table to stdout. Exit code 1 when the process has taken more than 1 GB.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build bench/JobService.Bench -c Release -v quiet >&2
exec dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll memory "$@"

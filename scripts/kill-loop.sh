#!/usr/bin/env bash
# Kills the service so many times under load (20 unless told otherwise) and asks for every job that was accepted: scripts/kill-loop.sh 100
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build bench/JobService.Bench -c Release -v quiet >&2
exec dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll kill "${1:-20}"

#!/usr/bin/env bash
# Records what clients, the target and the database have seen while nodes are killed under load, and audits it: scripts/audit.sh [KILLS [NODES [HISTORY.jsonl [PATH/TO/JobService.dll]]]]
# Several nodes need JobService__Storage__Postgres in the environment, which they share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build bench/JobService.Bench -c Release -v quiet >&2
history=${3:-$(mktemp --suffix .jsonl)}
dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll audit "$history" "${1:-20}" "${2:-1}" ${4:+"$4"}
exec dotnet bench/JobService.Auditor/bin/Release/net10.0/JobService.Auditor.dll "$history"

#!/usr/bin/env bash
# Builds the service as it was at a commit, beside this working copy, and prints the path of its JobService.dll: scripts/build-commit.sh b3622cd FOLDER
# FOLDER must not exist yet. When done with it: git worktree remove --force FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# = 2 ] || { sed -n 2,3p "$0" >&2; exit 2; }
git worktree add --quiet --detach "$2" "$1" >&2
dotnet build "$2/src/JobService" -c Release -v quiet -nologo >&2
echo "$2/src/JobService/bin/Release/net10.0/JobService.dll"

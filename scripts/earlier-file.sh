#!/usr/bin/env bash
# Has the service of an earlier commit write the database that EarlierFileTests opens: scripts/earlier-file.sh b3622cd
# Instead of a commit, the path of a JobService.dll will do. Takes a minute or two: it fills a database and kills the service in the middle of its work, until that has hit the moment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
commit="${1:?usage: scripts/earlier-file.sh COMMIT}"
program="$commit"
if [ ! -f "$program" ]; then
  folder="$(mktemp -d)"
  trap 'git worktree remove --force "$folder/build" || git worktree prune; rm -rf "$folder"' EXIT
  program="$(scripts/build-commit.sh "$commit" "$folder/build")"
fi
python3 tests/JobService.Tests/Storage/Earlier/fill.py "$program" tests/JobService.Tests/Storage/Earlier/jobs.zip

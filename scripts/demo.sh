#!/usr/bin/env bash
# 20 jobs, at most 5 API calls at once, a second of CPU work on each answer, results printed as they finish.
# Needs curl and a running service (dotnet run --project src/JobService): scripts/demo.sh [http://localhost:8080]
set -eu
service=${1:-http://localhost:8080}
count=20

call() {
  curl -sS --fail-with-body ${JOBSERVICE_API_KEY:+-H "Authorization: Bearer $JOBSERVICE_API_KEY"} -H 'content-type: application/json' "$@"
}
value_of() { tr -d '\n' | grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
result_of() { tr -d '\n' | grep -o '"result" *: *{[^}]*}*' | head -n 1; }
elapsed() { local ms=$(((${EPOCHREALTIME/[.,]/} - started) / 1000)); printf '%d.%d' $((ms / 1000)) $((ms / 100 % 10)); }

# The answer comes as soon as the job has ended, or after 20 s: then the next wait begins.
print_when_finished() {
  local job state=queued
  while [ "$state" = queued ] || [ "$state" = running ]; do
    job=$(call "$service/v1/jobs/$2?wait=20")
    state=$(value_of state <<<"$job")
  done
  printf '%5s s  job %2d  %s  %s\n' "$(elapsed)" "$1" "$state" "$(result_of <<<"$job")"
  [ "$state" = succeeded ]
}

call -o /dev/null -X PUT "$service/v1/queues/demo" -d '{
  "target": {"kind": "simulated", "latencySeconds": {"min": 0.05, "max": 0.5}},
  "maxConcurrency": 5,
  "process": {"kind": "simulated", "cpuSeconds": 1}}'

echo "$count jobs, at most 5 calls at once, a second of CPU work on each answer"
started=${EPOCHREALTIME/[.,]/}
waits=()
trap 'kill "${waits[@]}" 2>/dev/null; exit 130' INT TERM
for number in $(seq "$count"); do
  id=$(call -X POST "$service/v1/jobs" -d "{\"queue\": \"demo\", \"payload\": {\"number\": $number}}" | value_of id)
  print_when_finished "$number" "$id" &
  waits+=($!)
done

succeeded=0
for wait in "${waits[@]}"; do
  if wait "$wait"; then succeeded=$((succeeded + 1)); fi
done
echo "$succeeded of $count succeeded in $(elapsed) s"
[ "$succeeded" = "$count" ]

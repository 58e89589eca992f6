#!/usr/bin/env bash
# Generates clients from the OpenAPI document of the running service, compiles them and calls the service with them: NSwag and Kiota for C#, openapi-typescript with openapi-fetch and @hey-api for
# TypeScript, in the versions of scripts/clients. The words choose some of the four: scripts/check-clients.sh nswag openapi-fetch. Needs node, npm and curl.
# SERVICE=http://127.0.0.1:8080 names a service that runs; without it the one of this folder is built and started.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
all=(nswag kiota openapi-fetch hey-api)
chosen=("${@:-${all[@]}}")
for client in "${chosen[@]}"; do
  [[ " ${all[*]} " == *" $client "* ]] || { echo "No client '$client'; there are ${all[*]}." >&2; exit 1; }
done

work=$(mktemp -d)
service=
cleanup() { [ -z "$service" ] || { kill "$service" && wait "$service" || true; } 2>/dev/null; rm -rf "$work"; }
trap cleanup EXIT

if [ -z "${SERVICE:-}" ]; then
  dotnet build "$here/../src/JobService/JobService.csproj" -c Release -v quiet -nologo
  JobService__Storage__Path=$work/data/jobs.db dotnet "$here/../src/JobService/bin/Release/net10.0/JobService.dll" --urls http://127.0.0.1:0 >"$work/service.log" &
  service=$!
  for _ in $(seq 100); do
    SERVICE=$(grep -om1 'http://127\.0\.0\.1:[1-9][0-9]*' "$work/service.log" | head -1) && [ -n "$SERVICE" ] && break
    sleep 0.2
  done
  [ -n "$SERVICE" ] || { cat "$work/service.log" >&2; exit 1; }
fi

# A copy: what is generated and built stays out of the repository, and its build settings out of the clients.
cp -r "$here/clients/." "$work/clients"
cd "$work/clients"
curl -sSf "$SERVICE/openapi/v1.json" -o openapi.json
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 KIOTA_OFFLINE_ENABLED=true
# No compiler stays behind that holds the output open.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

quietly() { "$@" >"$work/output.log" 2>&1 || { cat "$work/output.log" >&2; return 1; }; }
needs() { [[ " ${chosen[*]} " == *" $1 "* ]]; }

if needs nswag || needs kiota; then quietly dotnet tool restore; fi

if needs nswag; then
  quietly dotnet nswag openapi2csclient /input:openapi.json /output:nswag/Client.cs /namespace:JobService.Client /classname:JobServiceClient /JsonLibrary:SystemTextJson \
    /GenerateNullableReferenceTypes:true /GenerateOptionalParameters:true /GenerateOptionalPropertiesAsNullable:true /OperationGenerationMode:SingleClientFromOperationId
  dotnet run --project nswag -v quiet -- "$SERVICE/"
fi

if needs kiota; then
  quietly dotnet kiota generate --language CSharp --openapi openapi.json --output kiota/client --namespace-name JobService.Client --class-name JobServiceClient --exclude-backward-compatible
  dotnet run --project kiota -v quiet -- "$SERVICE"
fi

if needs openapi-fetch || needs hey-api; then
  cd typescript
  quietly npm ci --ignore-scripts --no-audit --no-fund --prefer-offline
  # One program alone is checked with the types that were generated for it.
  call() {
    echo "{ \"extends\": \"./tsconfig.json\", \"files\": [\"$1.ts\"] }" >"tsconfig.$1.json"
    quietly npx --no tsc -- --project "tsconfig.$1.json"
    node "out/$1.js" "$SERVICE"
  }

  if needs openapi-fetch; then
    quietly npx --no openapi-typescript -- ../openapi.json --output schema.d.ts --default-non-nullable=false
    call fetch
  fi

  if needs hey-api; then
    quietly npx --no openapi-ts -- --input ../openapi.json --output hey --client @hey-api/client-fetch
    call hey
  fi
fi

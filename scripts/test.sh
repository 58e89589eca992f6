#!/usr/bin/env bash
# Builds everything, runs every test, and ends with the line "N passed, N failed". Exit code 0 only when all ran and none failed.
# Arguments go to the test runner: scripts/test.sh --filter-class '*NginxTests'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What the tests use beside .NET, as command=package of Debian: nginx is the judge of rate limits, and with HAProxy what stands in front of the service, node (with the official library, from npm) of our signatures,
# PostgreSQL is the other store; the others run docs/recipes.md and read streams.
# Without one of them promises would go untested: no skip, an error.
needed=(/usr/lib/postgresql/*/bin/postgres=postgresql nginx=nginx-light haproxy=haproxy python3=python3 curl=curl chromium=chromium node=nodejs npm=npm)
# Public limiters, as file=package: judges of rate limits too.
needed+=(
  /usr/lib/python3/dist-packages/flask_limiter=python3-flask-limiter /usr/lib/python3/dist-packages/rest_framework=python3-djangorestframework
  /usr/lib/python3/dist-packages/waitress=python3-waitress
  /usr/bin/puma=puma /usr/share/rubygems-integration/all/gems/rack-attack-*=ruby-rack-attack /usr/share/rubygems-integration/all/gems/activesupport-*=ruby-activesupport
  /usr/bin/php=php-cli /usr/share/php/Symfony/Component/RateLimiter=php-symfony-rate-limiter /usr/share/php/Symfony/Component/Cache=php-symfony-cache
)
missing() { for each in "${needed[@]}"; do PATH=$PATH:/usr/sbin command -v "${each%%=*}" >/dev/null || compgen -G "${each%%=*}" >/dev/null || echo "${each#*=}"; done; }
if [ -n "$(missing)" ]; then
  as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "Installing what the tests use:" $(missing)
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends $(missing) >/dev/null
  [ -z "$(missing)" ] || { echo "Still missing:" $(missing) >&2; exit 1; }
fi

results=$PWD/TestResults
rm -rf "$results"
dotnet restore JobService.sln -v quiet
dotnet build JobService.sln --no-restore -c Release -v quiet
code=0
dotnet test --solution JobService.sln --no-build -c Release --results-directory "$results" --report-trx "$@" || code=$?

# The counts come from what the runner wrote down, so that a run that did not happen cannot look green.
count() { cat /dev/null "$results"/*.trx 2>/dev/null | sed -n "s/.*<Counters .* $1=\"\([0-9]*\)\".*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'; }
passed=$(count passed || true)
failed=$(count failed || true)
if [ "$code" = 0 ] && { [ "$passed" = 0 ] || [ "$failed" != 0 ]; }; then
  code=1
elif [ "$code" != 0 ] && [ "$failed" = 0 ]; then
  echo "No test failed, but the run did: the runner ended with code $code." >&2
fi
echo "$passed passed, $failed failed"
exit "$code"

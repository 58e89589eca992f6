#!/usr/bin/env bash
# Lets public rate limiters in stock configurations of "10 a second" judge the service, and prints the table of docs/limiters.md to stdout; progress goes to stderr.
# All of them take some 15 minutes; names measure only those: scripts/limiters.sh express-rate-limit nginx-no-burst
# With --limit '{"kind": "rate", "permits": 10}' they are measured with that limit instead of the table's; --only-limited leaves out the runs without a limit.
# --write puts the rows into docs/limiters.md. Exit code 1 when one of them refused a call, or less than 0.97 of what it allows was used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# As command or file=package of Debian. Each limiter runs as Debian or its registry ships it.
needed=(
  nginx=nginx-light haproxy=haproxy varnishd=varnish /usr/lib/*/varnish/vmods/libvmod_vsthrottle.so=varnish-modules redis-server=redis-server
  node=nodejs npm=npm /usr/lib/python3/dist-packages/flask_limiter=python3-flask-limiter
  /usr/lib/python3/dist-packages/rest_framework=python3-djangorestframework /usr/lib/python3/dist-packages/waitress=python3-waitress
  /usr/bin/puma=puma /usr/share/rubygems-integration/all/gems/rack-attack-*=ruby-rack-attack /usr/share/rubygems-integration/all/gems/activesupport-*=ruby-activesupport
  php=php-cli /usr/share/php/Symfony/Component/RateLimiter=php-symfony-rate-limiter /usr/share/php/Symfony/Component/Cache=php-symfony-cache
  go=golang-go /usr/share/gocode/src/golang.org/x/time=golang-golang-x-time-dev
)
missing() {
  for each in "${needed[@]}"; do
    compgen -G "${each%%=*}" >/dev/null || PATH=$PATH:/usr/sbin command -v "${each%%=*}" >/dev/null || echo "${each#*=}"
  done
}
if [ -n "$(missing)" ]; then
  as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "Installing:" $(missing) >&2
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends $(missing) >&2
fi

npm ci --prefix scripts/limiters/node --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error >&2
dotnet build scripts/limiters/aspnet -c Release -v quiet -nologo >&2
GO111MODULE=off GOPATH=/usr/share/gocode go build -o scripts/limiters/bin/time-rate scripts/limiters/go/time-rate.go
dotnet build bench/JobService.Bench -c Release -v quiet -nologo >&2
exec dotnet bench/JobService.Bench/bin/Release/net10.0/JobService.Bench.dll limiters "$@"

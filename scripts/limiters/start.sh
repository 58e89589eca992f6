#!/usr/bin/env bash
# Becomes one limiter of "10 a second": PORT says where on 127.0.0.1 it listens, ACCESS_LOG where it writes a line "milliseconds status job" for each request
# that has reached it, FOLDER what it may use. /__ready answers 200 and is neither limited nor written down. What runs beside the limiter ends with it.
#   PORT=20001 ACCESS_LOG=/tmp/log FOLDER=/tmp scripts/limiters/start.sh express-rate-limit
set -euo pipefail
rigs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin
name=$1
touch "$ACCESS_LOG"

beside() { setpriv --pdeathsig KILL "$@" & }
with_redis() {
  export REDIS=$FOLDER/redis.sock
  beside redis-server --port 0 --unixsocket "$REDIS" --save '' --appendonly no --dir "$FOLDER" --loglevel warning
  until [ -S "$REDIS" ]; do sleep 0.02; done
}
configured() { sed -e "s|@PORT@|$PORT|g" -e "s|@FOLDER@|$FOLDER|g" -e "s|@ACCESS_LOG@|$ACCESS_LOG|g" "${@:2}" "$rigs/conf/$1" > "$FOLDER/$1"; }

on_node() { exec node --import "$rigs/node/access-log.mjs" "$rigs/node/$1.mjs" "${@:2}"; }
# Debian's own Python has Debian's packages.
on_python() { PYTHONPATH=$rigs/python exec /usr/bin/python3 "$rigs/python/serve.py" "$@"; }
on_ruby() { exec /usr/bin/puma --quiet --threads 4:4 --environment production --bind "tcp://127.0.0.1:$PORT" "$rigs/ruby/$1.ru"; }
on_php() { SYMFONY_POLICY=$1 exec /usr/bin/php -S "127.0.0.1:$PORT" "$rigs/php/symfony.php"; }
on_nginx() { configured nginx.conf -e "s|@LIMIT@|$1|"; exec nginx -p "$FOLDER" -c "$FOLDER/nginx.conf"; }
on_haproxy() { configured haproxy.cfg -e "s|@TRACK@|$1|" -e "s|@DENY@|$2|"; exec haproxy -db -f "$FOLDER/haproxy.cfg" >> "$ACCESS_LOG"; }
on_varnish() {
  configured varnish.vcl
  beside varnishncsa -t off -n "$FOLDER/varnish" -F '%{VCL_Log:came}x %s %{X-Job-Id}i' >> "$ACCESS_LOG"
  beside bash -c "until [ -s '$ACCESS_LOG' ]; do sleep 0.05; done; touch '$FOLDER/watched'"
  exec varnishd -F -n "$FOLDER/varnish" -a "127.0.0.1:$PORT" -f "$FOLDER/varnish.vcl" -s malloc,16m -p thread_pools=1 -j none
}
on_dotnet() { exec dotnet "$rigs/aspnet/bin/Release/net10.0/Limiters.AspNet.dll" "$@"; }
on_go() { exec "$rigs/bin/$1" "${@:2}"; }

case $name in
  express-rate-limit)             on_node express-rate-limit legacy ;;
  express-rate-limit-draft-8)     on_node express-rate-limit draft-8 ;;
  fastify-rate-limit)             on_node fastify-rate-limit ;;
  hono-rate-limiter)              on_node hono-rate-limiter ;;
  koa-ratelimit)                  on_node koa-ratelimit ;;
  koa-ratelimit-redis)            with_redis; on_node koa-ratelimit ;;
  koa2-ratelimit)                 on_node koa2-ratelimit ;;
  rate-limiter-flexible)          on_node rate-limiter-flexible ;;
  rate-limiter-flexible-redis)    with_redis; on_node rate-limiter-flexible ;;
  rate-limiter-flexible-block)    on_node rate-limiter-flexible 5 ;;
  nest-throttler)                 on_node nest-throttler ;;
  nest-throttler-named)           on_node nest-throttler short ;;
  async-ratelimiter)              with_redis; on_node async-ratelimiter ;;
  hapi-rate-limit)                on_node hapi-rate-limit ;;
  aspnet-*)                       on_dotnet "${name#aspnet-}" ;;
  redis-rate-limiting-*)          with_redis; on_dotnet "redis-${name#redis-rate-limiting-}" ;;
  flask-limiter-*)                on_python flask "${name#flask-limiter-}" ;;
  django-rest-framework)          on_python django ;;
  rack-attack)                    on_ruby rack-attack ;;
  symfony-*)                      on_php "${name#symfony-}" ;;
  nginx-no-burst)                 on_nginx 'limit_req zone=all;' ;;
  nginx-burst)                    on_nginx 'limit_req zone=all burst=5;' ;;
  nginx-burst-nodelay)            on_nginx 'limit_req zone=all burst=5 nodelay;' ;;
  nginx-burst-delay)              on_nginx 'limit_req zone=all burst=10 delay=5;' ;;
  haproxy)                        on_haproxy 'http-request track-sc0 src' 'http-request deny deny_status 429 if { sc_http_req_rate(0) gt 10 }' ;;
  haproxy-deny-first)             on_haproxy 'http-request deny deny_status 429 if { src_http_req_rate() ge 10 }' 'http-request track-sc0 src' ;;
  varnish-vsthrottle)             on_varnish ;;
  go-time-rate-burst-1)           on_go time-rate 1 ;;
  go-time-rate-burst-10)          on_go time-rate 10 ;;
  *) echo "There is no limiter '$name'." >&2; exit 2 ;;
esac

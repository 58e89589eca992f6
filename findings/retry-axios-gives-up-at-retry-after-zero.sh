#!/usr/bin/env bash
# retry-axios 4.0.3 (npm): a 429 with `Retry-After: 0`, or with a date that has just passed, is not retried at all.
#
# Guess before: both mean "now", so the next try comes at once.
# Seen: one call only; the refusal goes to the caller. Without the header, or with `Retry-After: 1`, there is a second call.
#   without: 2 calls
#   1: 2 calls
#   0: 1 call
#   a date of a second ago: 1 call
# It meets limiters that cut the seconds left instead of rounding them up: koa-ratelimit and Flask-Limiter say 0 for windows of a second, and a date of whole seconds is past when it arrives.
# What follows for who writes an API: never less than 1 (docs/limiters.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact axios@1.21.1 retry-axios@4.0.3

cat > see.mjs <<'JS'
import http from 'node:http'
import axios from 'axios'
import { attach } from 'retry-axios'

const client = axios.create()
client.defaults.raxConfig = { retryDelay: 20 }
attach(client)

async function see(name, header) {
  let calls = 0
  const server = http.createServer((request, response) => {
    calls++
    response.writeHead(calls === 1 ? 429 : 200, header())
    response.end()
  })
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  await client.get(`http://127.0.0.1:${server.address().port}`).catch(refusal => refusal)
  console.log(`${name}: ${calls} call${calls === 1 ? '' : 's'}`)
  server.closeAllConnections()
  server.close()
}
await see('without', () => ({}))
await see('1', () => ({ 'retry-after': '1' }))
await see('0', () => ({ 'retry-after': '0' }))
await see('a date of a second ago', () => ({ 'retry-after': new Date(Date.now() - 1000).toUTCString() }))
JS
node see.mjs | tee seen
diff seen - <<'END' && echo "As found."
without: 2 calls
1: 2 calls
0: 1 call
a date of a second ago: 1 call
END

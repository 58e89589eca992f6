#!/usr/bin/env bash
# openai 6.49.0 and @anthropic-ai/sdk 1.15.0 (npm), as they come: a call that is refused with `Retry-After: 86400` sleeps for a day within the call.
#
# Guess before: a Retry-After of more than a minute is not followed; the client takes its own pause of half a second or gives the refusal to its caller.
# Seen: the pause is what the header says, however long, and `timeout` does not end it (it is that of one try). The refusal is seen by nobody meanwhile.
#   openai 60: pause 60 s, 2 calls
#   openai 86400: pause 86400 s, 2 calls
#   anthropic 60: pause 60 s, 2 calls
#   anthropic 86400: pause 86400 s, 2 calls
# What follows: a program that paces its calls elsewhere sets `maxRetries: 0`, and sees the 429 at once (docs/limiters.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact openai@6.49.0 @anthropic-ai/sdk@1.15.0

cat > see.mjs <<'JS'
import http from 'node:http'
import OpenAI from 'openai'
import Anthropic from '@anthropic-ai/sdk'

// Pauses are noted and last a millisecond. The time limit of a try, 5 s, is no pause and stays.
const limit = 5000
const timer = globalThis.setTimeout
let pauses
globalThis.setTimeout = (callback, ms, ...rest) => {
  if (ms === limit) return timer(callback, ms, ...rest)
  pauses.push(ms)
  return timer(callback, 1, ...rest)
}
const messages = [{ role: 'user', content: 'hello' }]
const clients = {
  openai: baseURL => new OpenAI({ apiKey: 'none', baseURL, timeout: limit }).chat.completions.create({ model: 'm', messages }),
  anthropic: baseURL => new Anthropic({ apiKey: 'none', baseURL, timeout: limit }).messages.create({ model: 'm', max_tokens: 9, messages }),
}
for (const [name, call] of Object.entries(clients)) {
  for (const after of ['60', '86400']) {
    let calls = 0
    const server = http.createServer((request, response) => {
      request.resume()
      calls++
      response.writeHead(calls === 1 ? 429 : 200, { 'content-type': 'application/json', 'retry-after': after })
      response.end('{}')
    })
    await new Promise(listening => server.listen(0, '127.0.0.1', listening))
    pauses = []
    await call(`http://127.0.0.1:${server.address().port}`)
    console.log(`${name} ${after}: pause ${pauses.includes(after * 1000) ? after : 'not of that length:' + pauses} s, ${calls} calls`)
    server.closeAllConnections()
    server.close()
  }
}
process.exit()
JS
node see.mjs | tee seen
diff seen - <<'END' && echo "As found."
openai 60: pause 60 s, 2 calls
openai 86400: pause 86400 s, 2 calls
anthropic 60: pause 60 s, 2 calls
anthropic 86400: pause 86400 s, 2 calls
END

#!/usr/bin/env bash
# @nestjs/throttler 6.7.1: what it sends as X-RateLimit-Remaining and X-RateLimit-Reset are of two different windows.
#
# Guessed before running: when the seconds of Reset are over, Remaining begins anew (limit - 1 for the next call), as with every fixed window that tells both.
# Seen: Remaining is that of a sliding log (each call counts for its own ttl), Reset that of a fixed window which begins with a first call.
# Ten per 3 s, one call at 0 s and eight at 2.5 s say "remaining 1, reset 1"; at 3.6 s, behind that reset, a call is told "remaining 1, reset 3" again.
#   remaining 9 reset 3
#   remaining 1 reset 1
#   remaining 1 reset 3
# What follows for a client: nothing is free again at the reset; only the Remaining of the next response says how much is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  @nestjs/throttler@6.7.1 @nestjs/common@11.1.6 @nestjs/core@11.1.6 reflect-metadata@0.2.2 rxjs@7.8.2

# The storage that the guard asks for each request: totalHits and timeToExpire are what it sends as Limit - Remaining and Reset.
cat > see.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises'
import { ThrottlerStorageService } from '@nestjs/throttler'

const storage = new ThrottlerStorageService()
const call = async () => {
  const told = await storage.increment('client', 3000, 10, 3000, 'default')
  return `remaining ${10 - told.totalHits} reset ${told.timeToExpire}`
}
console.log(await call())
await pause(2500)
let last
for (let n = 0; n < 8; n++) last = await call()
console.log(last)
await pause(1100)
console.log(await call())
process.exit()
JS
node see.mjs | tee seen
printf 'remaining 9 reset 3\nremaining 1 reset 1\nremaining 1 reset 3\n' | diff - seen && echo "As found."

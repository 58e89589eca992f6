#!/usr/bin/env bash
# p-queue 9.3.5 (npm) with `intervalCap: 10, interval: 1000`: now and then nearly thirty tasks start within a second.
#
# Guess before: its windows are fixed, so at worst the rest of one and the whole of the next come together, 19 of 20; a third window begins a second later.
# Seen: of a thousand queues that got one task, rested for 0.85 to 0.95 s and then got thirty, one to five in a hundred start more than 20 within a second, up to 29: nine of the first window, ten at
# its end, and ten more some milliseconds behind. With `strict: true` never more than 10.
# What follows: `strict: true` in front of an API that counts, or the pacing left to the service that has the limit (docs/limiters.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact p-queue@9.3.5

cat > see.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises'
import PQueue from 'p-queue'

/** The most tasks that one queue starts within 0.9 s. */
async function most(strict, rest) {
  const queue = new PQueue({ intervalCap: 10, interval: 1000, strict })
  await queue.add(() => {})
  await pause(rest)
  const starts = []
  await Promise.all(Array.from({ length: 30 }, () => queue.add(() => { starts.push(performance.now()) })))
  return Math.max(...starts.map(end => starts.filter(start => start <= end && start > end - 900).length))
}

async function queues(strict) {
  const counts = []
  for (let round = 0; round < 5; round++)
    counts.push(...await Promise.all(Array.from({ length: 200 }, (_, number) => most(strict, 850 + number % 100))))
  console.error(`${strict ? 'strict' : 'as it comes'}: ${counts.filter(count => count > 20).length} of ${counts.length} above 20, at most ${Math.max(...counts)}`)
  return Math.max(...counts)
}
console.log(`as it comes: ${await queues(false) > 20 ? 'more' : 'not more'} than 20 within a second`)
console.log(`strict: ${await queues(true) > 10 ? 'more' : 'not more'} than 10 within a second`)
JS
node see.mjs | tee seen
diff seen - <<'END' && echo "As found."
as it comes: more than 20 within a second
strict: not more than 10 within a second
END

import { createServer } from 'node:http'
import Redis from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'

const [blockDuration] = process.argv.slice(2)
const options = { points: 10, duration: 1, blockDuration: Number(blockDuration ?? 0) }
const limiter = process.env.REDIS ? new RateLimiterRedis({ ...options, storeClient: new Redis(process.env.REDIS) }) : new RateLimiterMemory(options)

// The headers are those of its readme.
const headers = state => ({
  'Retry-After': state.msBeforeNext / 1000,
  'X-RateLimit-Limit': options.points,
  'X-RateLimit-Remaining': state.remainingPoints,
  'X-RateLimit-Reset': Math.ceil((Date.now() + state.msBeforeNext) / 1000),
})
createServer((_, response) => limiter.consume('all').then(
  state => response.writeHead(200, headers(state)).end('{"ok":true}'),
  state => response.writeHead(429, headers(state)).end())).listen(process.env.PORT, '127.0.0.1')

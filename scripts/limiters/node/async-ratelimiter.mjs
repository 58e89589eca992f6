import { createServer } from 'node:http'
import RateLimiter from 'async-ratelimiter'
import Redis from 'ioredis'

const limiter = new RateLimiter({ db: new Redis(process.env.REDIS), max: 10, duration: 1000 })

// The headers are those of its readme.
createServer(async (_, response) => {
  const limit = await limiter.get({ id: 'all' })
  response.setHeader('X-Rate-Limit-Limit', limit.total)
  response.setHeader('X-Rate-Limit-Remaining', Math.max(0, limit.remaining - 1))
  response.setHeader('X-Rate-Limit-Reset', limit.reset)
  response.statusCode = limit.remaining ? 200 : 429
  response.end('{"ok":true}')
}).listen(process.env.PORT, '127.0.0.1')

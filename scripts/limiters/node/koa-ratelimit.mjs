import Redis from 'ioredis'
import Koa from 'koa'
import ratelimit from 'koa-ratelimit'

const store = process.env.REDIS ? { driver: 'redis', db: new Redis(process.env.REDIS) } : { driver: 'memory', db: new Map() }
new Koa()
  .use(ratelimit({ ...store, duration: 1000, max: 10 }))
  .use(context => { context.body = { ok: true } })
  .listen(process.env.PORT, '127.0.0.1')

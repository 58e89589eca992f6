import Koa from 'koa'
import { RateLimit } from 'koa2-ratelimit'

new Koa()
  .use(RateLimit.middleware({ interval: { sec: 1 }, max: 10 }))
  .use(context => { context.body = { ok: true } })
  .listen(process.env.PORT, '127.0.0.1')

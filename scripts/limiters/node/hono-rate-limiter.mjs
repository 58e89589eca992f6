import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { rateLimiter } from 'hono-rate-limiter'

const app = new Hono()
app.use(rateLimiter({ windowMs: 1000, limit: 10, keyGenerator: () => 'all' }))
app.get('/', context => context.json({ ok: true }))
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })

import express from 'express'
import { rateLimit } from 'express-rate-limit'

const [headers] = process.argv.slice(2)
const told = headers === 'legacy' ? {} : { standardHeaders: headers, legacyHeaders: false }
express()
  .use(rateLimit({ windowMs: 1000, limit: 10, ...told }))
  .get('/', (_, response) => response.json({ ok: true }))
  .listen(process.env.PORT, '127.0.0.1')

import Fastify from 'fastify'
import rateLimit from '@fastify/rate-limit'

const app = Fastify()
await app.register(rateLimit, { max: 10, timeWindow: 1000 })
app.get('/', async () => ({ ok: true }))
await app.listen({ port: process.env.PORT, host: '127.0.0.1' })

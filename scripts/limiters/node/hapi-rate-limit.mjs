import Hapi from '@hapi/hapi'
import rateLimit from 'hapi-rate-limit'

const server = Hapi.server({ port: process.env.PORT, host: '127.0.0.1' })
await server.register({ plugin: rateLimit, options: { userLimit: 10, userCache: { expiresIn: 1000 }, pathLimit: false } })
server.route({ method: 'GET', path: '/', handler: () => ({ ok: true }) })
await server.start()

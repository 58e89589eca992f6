// Loaded before the program (node --import): writes when each request came and how it was answered, whatever the framework, and answers /__ready before any limiter sees it.
import { appendFileSync } from 'node:fs'
import { Server } from 'node:http'

const emit = Server.prototype.emit
Server.prototype.emit = function (event, request, response) {
  if (event !== 'request') return emit.apply(this, arguments)
  if (request.url === '/__ready') return response.end('ready')
  const came = performance.timeOrigin + performance.now()
  response.on('finish', () => appendFileSync(process.env.ACCESS_LOG, `${came.toFixed(3)} ${response.statusCode} ${request.headers['x-job-id'] ?? '-'}\n`))
  return emit.apply(this, arguments)
}

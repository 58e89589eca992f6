import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { APP_GUARD, NestFactory } from '@nestjs/core'
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler'

// Decorators by hand: Node.js does not know their syntax.
class Root { get() { return { ok: true } } }
Controller()(Root)
Get()(Root.prototype, 'get', Object.getOwnPropertyDescriptor(Root.prototype, 'get'))

class App {}
const [name] = process.argv.slice(2)
Module({
  imports: [ThrottlerModule.forRoot([{ ...name && { name }, ttl: 1000, limit: 10 }])],
  controllers: [Root],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(App)
await (await NestFactory.create(App, { logger: false })).listen(process.env.PORT, '127.0.0.1')

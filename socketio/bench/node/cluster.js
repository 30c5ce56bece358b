// An official server in a cluster through Redis: its arguments are the adapter and the path of Redis's socket. Otherwise it is like server.js.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Server } from 'socket.io'
import { createClient } from 'redis'
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter'
import { createAdapter as createStreams } from '@socket.io/redis-streams-adapter'

const [format, path] = process.argv.slice(2)
const connect = async () => createClient({ socket: { path } }).connect()
const pub = await connect()
const sub = await connect()
const adapters = {
  pubsub: () => createAdapter(pub, sub),
  sharded: () => createShardedAdapter(pub, sub),
  streams: () => createStreams(pub)
}
const http = createServer()
const io = new Server(http, { pingInterval: 300_000, adapter: adapters[format]() })
const text = 'x'.repeat(32)

io.on('connection', (socket) => {
  socket.on('shout', (times) => {
    for (let i = 0; i < times; i++) io.emit('news', text)
  })
})

http.listen(0, '127.0.0.1', 4096, () => console.log(JSON.stringify({ port: http.address().port })))
createInterface({ input: process.stdin }).on('close', () => process.exit(0))

// The official server, as main.go expects a server to be: it says its port in a line of JSON, answers each line
// of its input when it has collected its garbage, and ends with its input.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http, { pingInterval: 300_000 })
const text = 'x'.repeat(32)

io.on('connection', (socket) => {
  socket.on('echo', (argument, acknowledge) => acknowledge(argument))
  socket.on('shout', (times) => {
    for (let i = 0; i < times; i++) io.emit('news', text)
  })
})

http.listen(0, '127.0.0.1', 4096, () => console.log(JSON.stringify({ port: http.address().port })))

const input = createInterface({ input: process.stdin })
input.on('line', () => {
  for (let i = 0; i < 3; i++) globalThis.gc()
  console.log(JSON.stringify({ sessions: io.engine.clientsCount }))
})
input.on('close', () => process.exit(0))

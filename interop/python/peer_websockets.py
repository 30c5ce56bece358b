# The package websockets of Debian as a peer.

import asyncio

import websockets
import websockets.server
from websockets.frames import Close

import lines


class Peer(lines.Peer):
    def subprotocol(self):
        return self.ws.subprotocol

    def options(self, subprotocol, compress):
        return {
            "subprotocols": [subprotocol] if subprotocol else None,
            "compression": "deflate" if compress else None,
            "max_size": None, "ping_interval": None,
        }

    async def listen(self, subprotocol="", compress=False):
        async def handler(ws):
            self.ws = ws
            self.accepted.set()
            await self.read()

        server = await websockets.serve(handler, "127.0.0.1", 0, **self.options(subprotocol, compress))
        return {"port": server.sockets[0].getsockname()[1]}

    async def dial(self, url, subprotocol="", compress=False):
        self.ws = await websockets.connect(url, **self.options(subprotocol, compress))
        self.reading = asyncio.create_task(self.read())
        return {"subprotocol": self.subprotocol() or ""}

    async def read(self):
        try:
            while True:
                self.message(await self.ws.recv())
        except websockets.ConnectionClosed:
            self.ended(self.ws.close_code, self.ws.close_reason)

    async def send(self, op, fragments):
        fragments = lines.parts(op, fragments)
        await self.ws.send(fragments[0] if len(fragments) == 1 else fragments)

    async def ping(self, data):
        await (await self.ws.ping(data))

    async def begin_close(self, code, reason):
        if code == 1005:
            await self.ws.write_close_frame(Close(1005, ""), b"")
            return
        await self.ws.close(code, reason)


lines.run(Peer)

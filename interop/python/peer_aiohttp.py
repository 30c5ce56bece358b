# aiohttp of Debian as a peer. It cannot send a message in fragments.

import asyncio

import aiohttp
from aiohttp import WSMsgType, web

import lines


class Peer(lines.Peer):
    async def listen(self, subprotocol="", compress=False):
        async def handler(request):
            self.ws = web.WebSocketResponse(
                protocols=[subprotocol] if subprotocol else [], compress=compress, autoping=False, max_msg_size=0)
            await self.ws.prepare(request)
            self.accepted.set()
            await self.read()
            return self.ws

        app = web.Application()
        app.router.add_get("/", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return {"port": site._server.sockets[0].getsockname()[1]}

    def subprotocol(self):
        return getattr(self.ws, "ws_protocol", None) or getattr(self.ws, "protocol", None)

    async def dial(self, url, subprotocol="", compress=False):
        self.session = aiohttp.ClientSession()
        self.ws = await self.session.ws_connect(
            url, protocols=[subprotocol] if subprotocol else [], compress=15 if compress else 0, autoping=False, max_msg_size=0)
        self.reading = asyncio.create_task(self.read())
        return {"subprotocol": self.subprotocol() or ""}

    async def read(self):
        code, reason = 1006, ""
        while True:
            m = await self.ws.receive()
            if m.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.message(m.data)
            elif m.type == WSMsgType.PING:
                await self.ws.pong(m.data)
            elif m.type == WSMsgType.PONG:
                self.arrive({"pong": bytes(m.data).decode()})
            else:
                if m.type == WSMsgType.CLOSE:
                    code, reason = m.data or 1005, m.extra
                elif self.ws.close_code is not None:
                    code = self.ws.close_code
                break
        self.ended(code, reason)

    async def send(self, op, fragments):
        data = lines.parts(op, fragments)[0]
        await (self.ws.send_str(data) if op == "text" else self.ws.send_bytes(data))

    async def ping(self, data):
        await self.ws.ping(data.encode())
        got = await self.next(lambda what: "pong" in what)
        if got["pong"] != data:
            raise ValueError(f"pong has {got}")

    async def begin_close(self, code, reason):
        # close() reads itself, which read does already.
        await self.ws._writer.close(code, reason.encode())


lines.run(Peer)

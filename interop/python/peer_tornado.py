# Tornado of Debian as a peer. It cannot send a message in fragments.

import asyncio

import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket

import lines


class Peer(lines.Peer):
    def subprotocol(self):
        return self.ws.selected_subprotocol

    async def listen(self, subprotocol="", compress=False):
        peer = self

        class Handler(tornado.websocket.WebSocketHandler):
            def select_subprotocol(self, offered):
                return subprotocol if subprotocol in offered else None

            def get_compression_options(self):
                return {} if compress else None

            def check_origin(self, origin):
                return True

            def open(self):
                peer.ws = self
                peer.accepted.set()

            def on_message(self, message):
                peer.message(message)

            def on_pong(self, data):
                peer.arrive({"pong": data.decode()})

            def on_close(self):
                peer.ended(self.close_code or 1005, self.close_reason)

        app = tornado.web.Application([("/", Handler)], websocket_max_message_size=1 << 24)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        tornado.httpserver.HTTPServer(app).add_sockets(sockets)
        return {"port": sockets[0].getsockname()[1]}

    async def dial(self, url, subprotocol="", compress=False):
        def on_message(message):
            if message is None:
                self.ended(self.ws.close_code or 1005, self.ws.close_reason)
            else:
                self.message(message)

        self.ws = await tornado.websocket.websocket_connect(
            url, on_message_callback=on_message, compression_options={} if compress else None,
            subprotocols=[subprotocol] if subprotocol else None, max_message_size=1 << 24)
        self.ws.on_pong = lambda data: self.arrive({"pong": data.decode()})
        return {"subprotocol": self.subprotocol() or ""}

    async def send(self, op, fragments):
        data = lines.parts(op, fragments)[0]
        await self.ws.write_message(data, binary=op == "binary")

    async def ping(self, data):
        self.ws.ping(data.encode())
        got = await self.next(lambda what: "pong" in what)
        if got["pong"] != data:
            raise ValueError(f"pong has {got}")

    async def begin_close(self, code, reason):
        if code == 1005:
            self.ws.close()
        else:
            self.ws.close(code, reason or None)


lines.run(Peer)

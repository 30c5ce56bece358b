"""The server of python3-socketio, which is Debian's, for the tests of our client. It says its port in a line, and ends with its input."""

import asyncio
import sys

import socketio
from aiohttp import web

io = socketio.AsyncServer(async_mode="aiohttp", ping_interval=2, ping_timeout=5)


def common(namespace):
    @io.on("echo", namespace=namespace)
    async def echo(sid, *args):
        await io.emit("echo", tuple(args), to=sid, namespace=namespace)

    @io.on("ack", namespace=namespace)
    async def ack(sid, *args):
        return tuple(args)

    @io.on("where", namespace=namespace)
    async def where(sid):
        return namespace

    @io.on("question me", namespace=namespace)
    async def question_me(sid, text):
        got = await io.call("question", text, to=sid, namespace=namespace, timeout=5)
        return got["answer"], len(got["data"])

    @io.on("send me away", namespace=namespace)
    async def send_me_away(sid):
        await io.disconnect(sid, namespace=namespace)


common("/")
common("/other")


@io.on("connect", namespace="/admin")
async def admin(sid, environ, auth):
    if not auth or auth.get("token") != "secret":
        raise socketio.exceptions.ConnectionRefusedError("unauthorized")


common("/admin")


async def main():
    app = web.Application()
    io.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


asyncio.run(main())

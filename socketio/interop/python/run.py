"""Runs what python3-socketio's client does with the server of server_test.go, and writes a line of JSON for each scenario.

Its arguments are the address and the transports, separated by commas."""

import asyncio
import json
import sys
import traceback

import engineio.payload
import socketio

engineio.payload.Payload.max_decode_packets = 1000  # a client refuses more than 16 at once otherwise

url, transports = sys.argv[1], sys.argv[2].split(",")


class Client:
    """A client, and what has come to it."""

    def __init__(self, namespaces=("/",), auth=None, **options):
        self.s = socketio.AsyncClient(**options)
        self.namespaces, self.auth = list(namespaces), auth
        self.got = asyncio.Queue()
        for namespace in namespaces:
            for event in ("echo", "said", "here", "connect", "disconnect", "connect_error"):
                self.s.on(event, self.taker(event, namespace), namespace=namespace)

    def taker(self, event, namespace):
        async def take(*args):
            await self.got.put((event, namespace, *args))

        return take

    async def __aenter__(self):
        await self.s.connect(url, transports=transports, namespaces=self.namespaces, auth=self.auth, wait_timeout=5)
        for _ in self.namespaces:
            event = await self.next()
            assert event[0] == "connect", event
        if len(transports) > 1:
            assert self.s.transport() == "websocket", self.s.transport()
        return self

    async def __aexit__(self, *_):
        await self.s.disconnect()

    async def next(self):
        return await asyncio.wait_for(self.got.get(), 10)

    async def expect(self, *want):
        got = await self.next()
        assert got == want, f"got {got!r:.300}, want {want!r:.300}"


async def echo():
    async with Client() as c:
        for args in [("text",), ("€ 😀 <>&\"",), (1, -2.5, True, None, [], {"a": [{"b": {}}]}), (2**53,), ("x" * 200_000,)]:
            await c.s.emit("echo", args)
            await c.expect("echo", "/", *args)


async def binary():
    async with Client() as c:
        for args in [(b"\0\1\2",), ({"name": "a", "data": bytes(1000), "more": [b"", {"deep": bytes(70_000)}]}, "behind", b"x")]:
            await c.s.emit("echo", args)
            await c.expect("echo", "/", *args)
        got = await c.s.call("upload", {"name": "f", "data": bytes(300_000)}, timeout=10)
        assert got == {"name": "f", "bytes": 300_000}, got


async def acknowledgements():
    async with Client() as c:
        got = await c.s.call("sum", {"a": 1, "b": 2})
        assert got == 3, got
        got = await c.s.call("refuse", 1)
        assert got == {"error": {"message": "not today", "data": {"code": 7}}}, got
        c.s.on("question", lambda text: {"answer": text, "data": b"abc"})
        got = await c.s.call("question me", "why")
        assert got == ("why", 3), got


async def order():
    async with Client() as c:
        for i in range(300):
            await c.s.emit("echo", (i, b"x" if i % 3 else "x"))
        for i in range(300):
            await c.expect("echo", "/", i, b"x" if i % 3 else "x")


async def namespaces():
    async with Client(("/", "/custom", "/dynamic-7")) as c:
        for name in "/custom", "/dynamic-7":
            await c.s.emit("where", namespace=name)
            await c.expect("here", name, name)
    async with Client(("/admin",), auth={"token": "secret"}) as c:
        got = await c.s.call("auth", namespace="/admin")
        assert got == {"token": "secret"}, got
    for namespace, auth, want in (
        ("/admin", {"token": "wrong"}, {"message": "unauthorized", "data": {"code": 401}}),
        ("/unknown", None, {"message": "Invalid namespace"}),
    ):
        c = Client((namespace,), auth=auth)
        try:
            async with c:
                raise AssertionError("connected to " + namespace)
        except socketio.exceptions.ConnectionError:
            pass
        await c.expect("connect_error", namespace, want)


async def rooms():
    async with Client() as a, Client() as b:
        for c in a, b:
            await c.s.call("join", "python")
        await a.s.call("say", {"room": "python", "text": "others"})
        await a.s.call("say to all", {"room": "python", "text": "all"})
        await b.expect("said", "/", "others")
        await b.expect("said", "/", "all")
        await a.expect("said", "/", "all")


async def reconnection():
    async with Client(("/plain",), reconnection_delay=0.01, reconnection_delay_max=0.02) as c:
        for _ in range(2):
            await c.s.emit("cut", namespace="/plain")
            await c.expect("disconnect", "/plain")
            await c.expect("connect", "/plain")
        await c.s.emit("echo", "again", namespace="/plain")
        await c.expect("echo", "/plain", "again")


async def main():
    scenarios = [echo, binary, acknowledgements, order, namespaces, rooms]
    if "websocket" in transports:  # over polling, this client takes the end of a connection for a goodbye
        scenarios.append(reconnection)
    for scenario in scenarios:
        error = ""
        try:
            await asyncio.wait_for(scenario(), 20)
        except Exception:  # whatever it is, it is told
            error = traceback.format_exc()
        print(json.dumps({"name": scenario.__name__, "error": error}), flush=True)


asyncio.run(main())

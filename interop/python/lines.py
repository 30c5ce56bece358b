# What the peers in Python have in common: each does what the lines of JSON on its standard input tell it, one at a time, and
# answers each with a line on its standard output. The other end is ../peer_process_test.go.

import asyncio
import base64
import json
import sys


class Peer:
    """One end of one connection. A peer's own class has the methods that are missing here."""

    def __init__(self):
        self.arrived = []  # messages, and at last the end
        self.changed = asyncio.Event()
        self.accepted = asyncio.Event()

    def arrive(self, what):
        self.arrived.append(what)
        self.changed.set()

    def message(self, data):
        text = isinstance(data, str)
        raw = data.encode() if text else bytes(data)
        self.arrive({"op": "text" if text else "binary", "data": base64.b64encode(raw).decode()})

    def ended(self, code, reason):
        self.arrive({"closed": {"code": code, "reason": reason or ""}})

    async def next(self, take):
        """Returns the first that arrived for which take is true, and leaves the others."""
        while True:
            for i, what in enumerate(self.arrived):
                if take(what):
                    return what if "closed" in what else self.arrived.pop(i)
            self.changed.clear()
            await self.changed.wait()

    async def receive(self):
        return await self.next(lambda what: True)

    async def accept(self):
        await self.accepted.wait()
        return {"subprotocol": self.subprotocol() or ""}

    async def close(self, code, reason=""):
        await self.begin_close(code, reason)
        return await self.next(lambda what: "closed" in what)


def parts(op, fragments):
    """The fragments of a message as a library takes them: text, or bytes."""
    raw = [base64.b64decode(f) for f in fragments]
    return [r.decode() for r in raw] if op == "text" else raw


async def serve(peer):
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        command = json.loads(line)
        command.pop("deflate", None)
        try:
            answer = await getattr(peer, command.pop("do"))(**command) or {}
        except Exception as err:  # the test says what it is
            answer = {"error": repr(err)}
        print(json.dumps(answer), flush=True)


def run(peer_class):
    async def main():
        await serve(peer_class())
    asyncio.run(main())

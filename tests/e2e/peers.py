"""A small HTTP server that behaves as it is told, badly too. Does not know who asks.

As a program, `python -m tests.e2e.peers PORT [ANSWERS]`, it answers with 200, and ends after so many.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

VECTOR = b'{"embedding": [1.0]}'


def http(status: int = 200, body: bytes = VECTOR, **headers: str) -> bytes:
    """A whole answer; an underscore in a header's name is a dash."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True)
class Reply:
    """after_s: when it is sent; closes: whether the connection ends with it."""

    raw: bytes = http()
    after_s: float = 0.0
    closes: bool = False


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[int], Reply]  # of the request's number


@dataclass
class Peer:
    """asked: in order; connections: how many were opened."""

    behaviour: Behaviour
    port: int = 0
    asked: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._answer_one(reader, writer):
                    pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.asked.append(Request(first.split()[1], headers, body))
        reply = self.behaviour(len(self.asked))
        await asyncio.sleep(reply.after_s)
        writer.write(reply.raw)
        await writer.drain()
        return not reply.closes


@contextmanager
def peer(behaviour: Behaviour = lambda _: Reply()) -> Iterator[Peer]:
    """Serves in a thread until the block ends."""
    made = Peer(behaviour)
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve_until_stopped() -> None:
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=2**24)
        made.port = server.sockets[0].getsockname()[1]
        is_up.set()
        await stop.wait()
        server.close()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:  # cancels what is still connected
            runner.run(serve_until_stopped())

    thread = threading.Thread(target=work)
    thread.start()
    assert is_up.wait(5)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve_forever(port: int, answers: int) -> None:
    def ends(number: int) -> Reply:
        if number > answers:
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(1)
        return Reply()

    made = Peer(ends)
    server = await asyncio.start_server(made.serve, "127.0.0.1", port, limit=2**24)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve_forever(int(sys.argv[1]), int([*sys.argv, 1_000_000_000][2])))

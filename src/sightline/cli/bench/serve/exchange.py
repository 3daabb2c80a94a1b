"""One HTTP/1.1 request and its answer, over connections that are kept. Does not know what is asked, or when.

Lean, as it shares the machine with the server that it measures: bodies go out in pieces without being
joined, and of an answer only what is counted is kept.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sightline.cli.bench.serve.values import Address
from sightline.domain.errors import TargetError

try:
    import httptools
except ImportError as error:
    raise TargetError(
        "a load needs httptools, which Sightline brings along except on Windows: pip install httptools"
    ) from error

KEPT_BODY_BYTES = 300  # the beginning of an answer, for whoever must tell why it was no vector
KEPT_HEADERS = frozenset((b"retry-after", b"x-queue-ms", b"x-inference-ms", b"content-length"))
_FAILURES: dict[type[OSError], str] = {
    ConnectionRefusedError: "connection refused",
    ConnectionResetError: "connection reset",
    BrokenPipeError: "connection reset",
    ConnectionAbortedError: "connection reset",
}


class ExchangeError(Exception):
    """No answer came; the message is a reason in two words, to count by."""


@dataclass
class Answer:
    """ended_s: when its last byte came, on the clock of time.perf_counter()."""

    status: int = 0
    ended_s: float = 0.0
    body_bytes: int = 0
    beginning: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)

    def number(self, header: bytes) -> float | None:
        """A header as a number; None where it is absent or none, as the date that Retry-After may be."""
        try:
            return float(self.headers[header])
        except (KeyError, ValueError):
            return None


class Line(asyncio.Protocol):
    """A connection with at most one request under way."""

    def __init__(self) -> None:
        self.is_open = False
        self.has_heard = False  # anything since the last request went out
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._awaited: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._ends_with_line = False  # an answer that tells no length

    async def exchange(self, pieces: Sequence[bytes]) -> Answer:
        """Raises ExchangeError. When cancelled, the caller should hang up."""
        self._answer = Answer()
        self.has_heard = False
        self._awaited = asyncio.get_running_loop().create_future()
        self._transport.writelines(pieces)
        try:
            return await self._awaited
        finally:
            self._awaited = None

    def hang_up(self) -> None:
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's, whichever loop made it
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        if self._awaited is None:  # nobody asked
            self.hang_up()
            return
        self.has_heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("malformed answer")
            self.hang_up()

    def eof_received(self) -> None:
        if self._ends_with_line:
            self.on_message_complete()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._fail("answer cut off" if self.has_heard else failure_of(error))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in KEPT_HEADERS or name == b"transfer-encoding":
            self._answer.headers[name] = value

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._ends_with_line = not self._answer.headers.keys() & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        self._answer.body_bytes += len(body)
        if len(self._answer.beginning) < KEPT_BODY_BYTES:
            self._answer.beginning += body[:KEPT_BODY_BYTES]

    def on_message_complete(self) -> None:
        if self._answer.status < 200:  # 100 Continue: the answer is still to come
            self._answer = Answer()
            return
        self._answer.ended_s = time.perf_counter()
        # an answer before the whole request went out leaves bytes that would be read as the next request
        if not self._parser.should_keep_alive() or self._transport.get_write_buffer_size():
            self.is_open = False
            self._transport.close()
        if self._awaited and not self._awaited.done():
            self._awaited.set_result(self._answer)

    def _fail(self, reason: str) -> None:
        if self._awaited and not self._awaited.done():
            self._awaited.set_exception(ExchangeError(reason))


def failure_of(error: Exception | None) -> str:
    """Why a connection ended, in two words; None is what an orderly end gives."""
    if error is None:
        return "connection closed"
    name = _FAILURES.get(type(error))  # type: ignore[arg-type]
    return name or (getattr(error, "strerror", None) or type(error).__name__).lower()


class Lines:
    """Connections to one server: a free one is taken, the last used first, else a new one is opened."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._free: list[Line] = []
        self.opened = 0

    async def exchange(self, pieces: Sequence[bytes]) -> Answer:
        """Raises ExchangeError: no answer came. Hangs up when it is cancelled, as a client that leaves."""
        line = self._take()
        if line is not None:
            try:
                return await self._over(line, pieces)
            except ExchangeError:
                if line.has_heard:
                    raise
        # a server may close an idle connection at any moment (RFC 9112, 9.3.1): that is no failure of its
        return await self._over(await self._open(), pieces)

    def close(self) -> None:
        for line in self._free:
            line.hang_up()
        self._free.clear()

    def _take(self) -> Line | None:
        while self._free:
            line = self._free.pop()
            if line.is_open:
                return line
        return None

    async def _open(self) -> Line:
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_connection(Line, self._address.host, self._address.port)
        except OSError as error:
            raise ExchangeError(failure_of(error)) from error
        self.opened += 1
        return line

    async def _over(self, line: Line, pieces: Sequence[bytes]) -> Answer:
        try:
            answer = await line.exchange(pieces)
        except asyncio.CancelledError:
            line.hang_up()
            raise
        if line.is_open:
            self._free.append(line)
        return answer

"""The servers that a load goes to: where, in which shape, and whether they answer. Does not know the load."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sightline.cli.bench.serve.children import Child, free_port, running
from sightline.cli.bench.serve.exchange import Answer, ExchangeError, Lines
from sightline.cli.bench.serve.shapes import Envelope
from sightline.cli.bench.serve.tally import OK
from sightline.cli.bench.serve.traffic import Sent
from sightline.cli.bench.serve.values import Address, address
from sightline.domain.errors import TargetError

TRY_EVERY_S = 0.1
FIRST_ANSWER_S = 60.0  # a first answer may have to wait for a model that is loaded when it is asked for
NOT_YET = frozenset((404, 408, 429, 500, 502, 503, 504))  # what servers say while they start


@dataclass(frozen=True)
class Target:
    """A server, as it is spoken to. envelopes: by kind; child: its process, where that is ours."""

    name: str
    address: Address
    envelopes: Mapping[str, Envelope]
    headers: Mapping[str, str]
    child: Child | None = None
    _heads: dict[Envelope, bytes] = field(default_factory=dict)  # all of a head but its last number

    def head(self, sent: Sent) -> bytes:
        """A request's line and headers."""
        known = self._heads.get(sent.envelope) or self._heads.setdefault(
            sent.envelope, self._head(sent.envelope)
        )
        return b"%b%d\r\n\r\n" % (known, sum(map(len, sent.pieces)))

    def _head(self, envelope: Envelope) -> bytes:
        headers = {
            "Host": f"{self.address.host}:{self.address.port}",
            "Content-Type": envelope.content_type,
            **self.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        path = f"{self.address.prefix}{envelope.path}" or "/"
        return f"POST {path} HTTP/1.1\r\n{lines}Content-Length: ".encode()

    async def answers(self, sent: Sent, wait_s: float) -> None:
        """Returns once this request is answered with 200; asks again for wait_s where it is not yet.

        Raises TargetError: it never was, or never will be.
        """
        ends_s = time.monotonic() + wait_s
        while True:
            answer, told = await self._asked(sent)
            if answer.status == OK:
                return
            if self.child and not self.child.is_alive:
                raise TargetError(f"{self.name} ended before it answered; {self._log()}")
            is_final = answer.status not in NOT_YET if answer.status else self.child is None
            if is_final or time.monotonic() > ends_s:
                raise TargetError(f"{self.name} at {self.address} gives no vector: {told}; {self._log()}")
            await asyncio.sleep(TRY_EVERY_S)

    async def _asked(self, sent: Sent) -> tuple[Answer, str]:
        """An answer, without a status where none came, and what it says."""
        lines = Lines(self.address)
        try:
            async with asyncio.timeout(FIRST_ANSWER_S):
                answer = await lines.exchange([self.head(sent), *sent.pieces])
        except TimeoutError:
            return Answer(), f"no answer within {FIRST_ANSWER_S:.0f} s"
        except ExchangeError as error:
            return Answer(), str(error)
        finally:
            lines.close()
        return answer, f"status {answer.status}, {answer.beginning.decode('utf-8', 'replace')}"

    def _log(self) -> str:
        if self.child is None:
            return "is it running, and is this its shape of requests?"
        return f"its log {self.child.log} ends with: {self.child.last_words()}"


@dataclass(frozen=True)
class Site:
    """Where a target is, and how to start it, if it is not running: {port} in both becomes a free one."""

    name: str
    url: str
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def started(site: Site) -> Iterator[tuple[Address, Child | None]]:
    """The target's address, and its process if it is started here, which ends with the block."""
    port = str(free_port())
    where = address(site.url.replace("{port}", port))
    if not site.command:
        yield where, None
        return
    command = [word.replace("{port}", port) for word in site.command]
    with running(command, os.environ | site.environment, site.name) as child:
        yield where, child

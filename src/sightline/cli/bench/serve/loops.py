"""When requests go out: each after the last one's answer, or at a rate. Does not know what is sent.

In the closed loop a slow server is asked less often, and its worst moments are asked about once per client.
The open loop goes on regardless, as the world does, and counts from the moment a request was due.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.cli.bench.serve.exchange import Answer, ExchangeError
from sightline.cli.bench.serve.tally import Outcome, Tally
from sightline.cli.bench.serve.traffic import Sent

GRACE_S = 1.0  # waited after the deadline, so that the server's own word about it is heard
PAUSE_S = 0.05  # of a client without a connection: a dead server is not asked ten thousand times a second
FIRST_GUESS_S = 0.1  # of how long an answer takes, until one has come
GAVE_UP, LEFT = "gave up", "hung up"  # the server took too long; we left, as was wanted


class Requests(Protocol):
    def next(self) -> Sent: ...


class Connections(Protocol):
    async def exchange(self, pieces: Sequence[bytes]) -> Answer:
        """Raises ExchangeError."""
        ...


@dataclass(frozen=True)
class Crowd:
    """Who sends, for how long, and how patiently.

    clients: of a closed loop; leaving: the share of requests whose sender hangs up before the answer.
    """

    clients: int
    seconds: float
    warm_up_s: float
    timeout_s: float
    leaving: float
    seed: int


class Sender:
    """Sends requests over lines and enters what becomes of each in a tally."""

    def __init__(
        self, lines: Connections, requests: Requests, head: Callable[[Sent], bytes], *, crowd: Crowd
    ) -> None:
        self._lines = lines
        self._requests = requests
        self._head = head
        self._crowd = crowd
        self._random = random.Random(crowd.seed)
        self._usual_s = FIRST_GUESS_S
        begins = time.perf_counter() + crowd.warm_up_s
        self.tally = Tally(begins, begins + crowd.seconds, crowd.timeout_s)

    async def closed_loop(self) -> Tally:
        """As many clients as the crowd says, until the window ends and all have their answers."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._crowd.clients):
                group.create_task(self._client())
        return self.tally

    async def open_loop(self, rate_per_s: float) -> Tally:
        """Arrivals at this rate, until the window ends and every request has ended."""
        begins = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for after_s in arrivals(rate_per_s, self._crowd.seed):
                due_s = begins + after_s
                if due_s >= self.tally.ends_s:
                    break
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))  # also when late: others must run
                group.create_task(self._one(due_s))
        return self.tally

    async def _client(self) -> None:
        while (now := time.perf_counter()) < self.tally.ends_s:
            if not await self._one(now):
                await asyncio.sleep(PAUSE_S)

    async def _one(self, due_s: float) -> bool:
        """Whether an answer came."""
        sent = self._requests.next()
        pieces = [self._head(sent), *sent.pieces]
        size = sum(map(len, pieces))
        now = time.perf_counter()
        self.tally.went_out(due_s, now)
        is_leaving = self._random.random() < self._crowd.leaving
        patience_s = due_s + self._crowd.timeout_s + GRACE_S - now
        leaves_s = self._random.uniform(0, 2 * self._usual_s) if is_leaving else patience_s
        try:
            async with asyncio.timeout(min(leaves_s, patience_s)):
                answer = await self._lines.exchange(pieces)
        except TimeoutError:
            failure = LEFT if leaves_s < patience_s else GAVE_UP
            self.tally.add(Outcome(due_s, time.perf_counter(), failure=failure, sent_bytes=size))
            return True
        except ExchangeError as error:
            self.tally.add(Outcome(due_s, time.perf_counter(), failure=str(error), sent_bytes=size))
            return False
        self._usual_s += (answer.ended_s - now - self._usual_s) / 16
        self.tally.add(_outcome(due_s, answer, sent, size))
        return True


def _outcome(due_s: float, answer: Answer, sent: Sent, size: int) -> Outcome:
    return Outcome(
        due_s,
        answer.ended_s,
        answer.status,
        items=sent.items,
        sent_bytes=size,
        received_bytes=answer.body_bytes,
        retry_after_s=answer.number(b"retry-after"),
        queue_ms=answer.number(b"x-queue-ms"),
        inference_ms=answer.number(b"x-inference-ms"),
    )


def arrivals(rate_per_s: float, seed: int) -> Iterator[float]:
    """Seconds from the start at which requests are due: a Poisson process, the same for the same seed."""
    source = random.Random(seed)
    at_s = 0.0
    while True:
        at_s += source.expovariate(rate_per_s)
        yield at_s

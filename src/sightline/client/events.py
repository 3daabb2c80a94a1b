"""A job's events: server-sent events read line by line, and where to go on when a stream broke.

Does not know how lines come.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sightline.client.exchange import LATER, away, refusal
from sightline.client.steps import Broken, Facts, Reply, Request
from sightline.domain.ledger import STATES, UNFINISHED

PAUSE_S = 0.5
MAX_PAUSE_S = 10.0
TRIES = 6  # in a row without any event; with ever longer pauses, half a minute


@dataclass(frozen=True)
class JobEvent:
    """id: counts up in its job; None of `job`, which is all of the job as it is.

    kind: `job`, `progress`, or the state that the job has come to.
    """

    id: int | None
    kind: str
    data: Facts


class EventLines:
    """Lines to events."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def take(self, line: str) -> JobEvent | None:
        """The event that a line completes, if it does."""
        if line:
            name, _, value = line.partition(":")
            if name:  # else a comment, as heartbeats are
                self._fields[name] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        number = fields.get("id", "")
        return JobEvent(
            int(number) if number.isascii() and number.isdigit() else None,
            fields.get("event", "message"),
            json.loads(fields["data"]),
        )


class Listening:
    """What a listener asks for, over as many streams as it takes, and whether there is more to come."""

    def __init__(self, job: int, after: int | None = None) -> None:
        self._job = job
        self._after = after
        self._silent = 0  # streams in a row that brought nothing
        self._lines = EventLines()
        self.is_over = False

    def request(self) -> Request:
        """For the next stream."""
        self._lines = EventLines()
        self._silent += 1
        headers = {} if self._after is None else {"last-event-id": str(self._after)}
        return Request("GET", f"/v1/jobs/{self._job}/events", headers=headers, is_safe=True)

    def taken(self, lines: Iterable[str]) -> Iterator[JobEvent]:
        """The events that lines complete."""
        for line in lines:
            event = self._lines.take(line)
            if event is None:
                continue
            self._silent = 0
            if event.id is not None:
                self._after = event.id
            state = event.data.get("state") if event.kind == "job" else event.kind
            self.is_over = state in STATES and state not in UNFINISHED
            yield event

    def refused(self, reply: Reply) -> None:
        """Raises ServerRefusedError: another try will not help, or many did not."""
        if reply.status not in LATER or self._silent >= TRIES:
            raise refusal(reply.status, reply.headers, reply.body)

    def broke(self, broken: Broken) -> None:
        """Raises ServerAwayError: so many streams brought nothing that there will be none."""
        if self._silent >= TRIES:
            raise away(broken)

    def ended(self, url: str) -> None:
        """A stream has come to its end, well or not. Raises as broke."""
        self.broke(Broken(url, "stream after stream ended without an event"))

    @property
    def pause_s(self) -> float:
        """Before the next stream."""
        return float(min(MAX_PAUSE_S, PAUSE_S * 2**self._silent))

"""The steps of a call: requests and pauses, given out one by one, each reply sent in. Does not know how.

A call is a generator. Whoever drives it carries out each step that it yields, and sends back what came of it:
so a call that takes many requests is written once, for those who wait and for those who await.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sightline.domain.errors import InvalidRequestError

T = TypeVar("T")

Facts = Mapping[str, Any]  # of an answer in JSON


@dataclass(frozen=True)
class Request:
    """is_safe: to send it twice comes to the same as once. is_long: it takes what time it takes.

    into: the file that the answer's body goes to, replaced in one step.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_safe: bool = False
    is_long: bool = False
    into: Path | None = None


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Reply:
    """What a server answered. url: what was asked, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""

    @property
    def json(self) -> Any:
        """Raises ValueError: it is none."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Broken:
    """No answer came. url: what was asked. reason: in words. is_unsent: the server cannot have had it."""

    url: str
    reason: str
    is_unsent: bool = False


Step = Request | Pause
Outcome = Reply | Broken | None  # of a request, of a request, of a pause
Steps = Generator[Step, Outcome, T]


def get(path: str, **query: object) -> Request:
    """Parameters that are None are left out."""
    return Request("GET", path, _written(query), is_safe=True)


def post(path: str, content: object = None, *, is_safe: bool = False, **query: object) -> Request:
    return Request("POST", path, _written(query), content, is_safe=is_safe)


def in_json(content: object) -> str:
    """What a caller gave, as it is sent: numbers and arrays of NumPy and pandas become plain ones.

    Raises InvalidRequestError: it holds something that JSON does not have.
    """
    try:
        return json.dumps(content, default=_plain, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"it cannot be sent as JSON: {error}") from error


def _plain(value: Any) -> Any:
    """Raises TypeError: it has no plain form."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"a {type(value).__name__} is among it")
    return value.tolist()


def _written(query: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in query.items() if value is not None}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""What the head of a web server's answer says. Does not know who asked, and reads no content.

Source: RFC 9110, 10.2.2 Location, 10.2.3 Retry-After, 8.4 Content-Encoding.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpcore

from sightline.domain.errors import UrlAnswerError

REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
MAX_DIGITS = 18  # int() takes its time with thousands


def location(response: httpcore.Response) -> str | None:
    """Where a redirect leads; None for any other answer. Raises UrlAnswerError: it leads nowhere."""
    if response.status not in REDIRECTS:
        return None
    found = _values(response, b"location")
    if len(found) != 1:
        raise UrlAnswerError("the picture's address redirects without saying where to; give the last one")
    return found[0]


def is_encoded(response: httpcore.Response) -> bool:
    """Whether the content is packed, which nobody asked for: a few bytes may hold any number."""
    return any(
        value.strip().lower() not in ("", "identity") for value in _values(response, b"content-encoding")
    )


def promised_bytes(response: httpcore.Response) -> int:
    """The length that the head tells; 0 where it tells none."""
    lengths = [value for value in _values(response, b"content-length") if value.isdecimal()]
    return max((int(length[:MAX_DIGITS]) for length in lengths), default=0)


def retry_after_s(response: httpcore.Response) -> float | None:
    """In how many seconds to come back, if the answer says so: as a number, or as a date."""
    for value in _values(response, b"retry-after"):
        if value.isascii() and value.isdecimal():
            return float(value[:MAX_DIGITS])
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            continue
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, math.ceil((then - datetime.now(UTC)).total_seconds()))
    return None


def _values(response: httpcore.Response, name: bytes) -> Sequence[str]:
    """Every value of a header. Addresses are often sent in UTF-8, where only ASCII is right."""
    return [value.decode("utf-8", "replace") for key, value in response.headers if key.lower() == name]

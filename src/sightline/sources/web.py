"""The guarded fetch: the one function through which any URL is read. Does not know what a picture is.

Nothing of a URL's answer is shown to whoever named it but its status. Redirects are followed by hand, each
like a URL of its own; no cookie, no name, no proxy of the environment has a part in it.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpcore

from sightline.domain.errors import (
    ImageBytesError,
    UnreachableUrlError,
    UrlAnswerError,
    UrlTooSlowError,
)
from sightline.sources.connector import Connector, NoConnectionError
from sightline.sources.guard import Guard
from sightline.sources.replies import is_encoded, location, promised_bytes, retry_after_s
from sightline.sources.turns import Clock, Turns
from sightline.sources.urls import RefusedUrlError, WebAddress
from sightline.version import VERSION

log = logging.getLogger(__name__)

MAX_HOPS = 3
MAX_TRIES = 3
FIRST_PAUSE_S = 0.25
HEADERS = (
    ("User-Agent", f"sightline/{VERSION}"),
    ("Accept", "image/*"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)
AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
UNREACHABLE = (
    "the picture's address cannot be read from here: it is no http(s) URL as it should be written, does not "
    "answer, or is not one that this server may ask; check it, or send the picture itself"
)


@dataclass(frozen=True)
class FetchLimits:
    """timeout_s: of one read, redirects, pauses and tries included. per_host: connections at once."""

    timeout_s: float = 10.0
    max_bytes: int = 20_000_000
    at_once: int = 16
    per_host: int = 6


class _AgainError(Exception):
    """A failure that may be over soon. after_s: when the server said so."""

    def __init__(self, error: Exception, after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_s = after_s


class WebFetcher:
    """Implements Fetcher. tls: None for the certificates that the system and certifi trust."""

    def __init__(
        self,
        guard: Guard,
        limits: FetchLimits | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._guard = guard
        self._limits = limits or FetchLimits()
        self._turns = Turns(self._limits.at_once, self._limits.per_host)
        self._tls = tls or httpcore.default_ssl_context()
        self._pause = pause

    def refuse_port(self, port: int) -> None:
        self._guard.refuse_port(port)

    def read(self, url: str, *, within_s: float | None = None) -> bytes:
        clock = Clock(self._limits.timeout_s, within_s)
        host = None
        try:
            where = WebAddress.parse(url)
            host = where.authority
            return self._tried(where, clock)
        except TimeoutError as error:
            raise UrlTooSlowError(
                f"the picture's address took more than {self._limits.timeout_s:g} s, or than the request "
                "has; try again, or send the picture itself"
            ) from error
        except (RefusedUrlError, NoConnectionError, OSError, httpcore.ProtocolError) as error:
            # never the whole URL: many carry a key
            log.info("a URL was not read", extra={"fields": {"host": host, "reason": error}})
            raise UnreachableUrlError(UNREACHABLE) from error

    def _tried(self, where: WebAddress, clock: Clock) -> bytes:
        """Once, and again after what may pass: too many requests, a server that restarts, a reset."""
        tries = 1
        while True:
            try:
                return self._followed(where, clock)
            except _AgainError as again:
                # no two wait alike: those who failed together would come back together
                pause_s = FIRST_PAUSE_S * 2 ** (tries - 1) * random.uniform(1.0, 2.0)
                pause_s = max(pause_s, again.after_s or 0.0)
                if tries == MAX_TRIES or pause_s >= clock.left_s():
                    raise again.error from again
            self._pause(pause_s)
            tries += 1

    def _followed(self, where: WebAddress, clock: Clock) -> bytes:
        for _ in range(1 + MAX_HOPS):
            with self._turns.hold(where.host, clock), self._asked(where, clock) as response:
                target = location(response)
                if target is None:
                    return self._content(response)
            where = where.joined(target)
        raise UrlAnswerError(f"the picture's address redirects more than {MAX_HOPS} times; give the last one")

    @contextmanager
    def _asked(self, where: WebAddress, clock: Clock) -> Iterator[httpcore.Response]:
        """One answer's head; its content may be read until the block ends. A connection serves once."""
        host, target = where.host.encode("ascii"), where.target.encode("ascii")
        url = httpcore.URL(scheme=where.scheme, host=host, port=where.port, target=target)
        headers = [("Host", where.authority), *HEADERS]
        connection = httpcore.HTTPConnection(
            url.origin,
            ssl_context=self._tls,
            network_backend=Connector(self._guard, clock, self._limits.max_bytes),
        )
        try:
            yield connection.handle_request(httpcore.Request("GET", url, headers=headers))
        except TimeoutError:
            raise
        except (OSError, httpcore.RemoteProtocolError) as error:
            raise _AgainError(error) from error
        finally:
            connection.close()

    def _content(self, response: httpcore.Response) -> bytes:
        if response.status != HTTPStatus.OK:
            error = UrlAnswerError(
                f"the picture's address answers with status {response.status}, not with a picture; check it"
            )
            if response.status in AGAIN:
                raise _AgainError(error, retry_after_s(response))
            raise error
        if is_encoded(response):
            raise UrlAnswerError(
                "the picture's address sends it packed (Content-Encoding), unasked; send it plain"
            )
        self._require_bytes(promised_bytes(response))
        pieces, count = [], 0
        for piece in response.iter_stream():
            count += len(piece)
            self._require_bytes(count)
            pieces.append(piece)
        return b"".join(pieces)

    def _require_bytes(self, count: int) -> None:
        if count > self._limits.max_bytes:
            raise ImageBytesError(
                f"what the picture's address sends is larger than {self._limits.max_bytes} bytes, the limit; "
                "make it smaller"
            )

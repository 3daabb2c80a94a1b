"""Who may ask, and how much may be sent: checked before a body is read. Does not know what is asked."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.domain.errors import NotReadyError, OverloadedError
from sightline.web.calls import TIMEOUT_HEADER, timeout_within
from sightline.web.errors import RefusedError, code_of, error_answer
from sightline.web.objectives import GROUPS
from sightline.web.origins import is_cross_site
from sightline.web.page import is_of_page
from sightline.web.state import PROBES, ServerState

# A connection closed while its client still writes is reset, and the client may never see the answer. So some
# more is read and thrown away first: from strangers less than from those who only sent too much.
STRANGERS_REST_BYTES = 65_536
REST_BYTES = 1_000_000
REST_S = 2.0
# Of all requests under way: a thousand uploads of 20 MB may begin at once. What is read is held until its
# answer, and these are several seconds of decoding.
BODIES_BYTES = 512_000_000
MAY_BE_TEXTS = frozenset({"/v1/embeddings", "/embed/text", "/embed/text/batch"})  # which pass the pictures
MAX_LENGTH_DIGITS = 20  # more than any limit has; int() refuses thousands of them


class _TooLargeError(Exception):
    """One body has more than a request may have."""


class _TooManyError(Exception):
    """All bodies together have more than there is room for."""


@dataclass(eq=False, slots=True)
class _Body:
    """What has come of one request's body."""

    held_bytes: int = 0


class Gate:
    """Refuses with 401, 403, 413, 429 or 503 before the app sees the request, and counts the body coming in.

    bodies_bytes: of all requests under way, or of one where one may have more.
    """

    def __init__(self, app: ASGIApp, state: ServerState, *, bodies_bytes: int = BODIES_BYTES) -> None:
        self._app = app
        self._state = state
        self._max_bytes = state.settings.max_request_bytes
        self._bodies_bytes = max(bodies_bytes, self._max_bytes)
        self._held_bytes = 0
        key = state.settings.api_key
        self._key_digests = [] if key is None else [digest(key.get_secret_value()), digest(state.token)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES or is_of_page(scope):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if (stranger := self._strangeness(scope["method"], headers)) is not None:
            await self._refuse(stranger, STRANGERS_REST_BYTES, receive, send)
            return
        if self._state.is_draining:
            draining = NotReadyError("the server is shutting down; send the request to another one")
            await self._refuse(draining, REST_BYTES, receive, send)
            return
        if scope["path"] in GROUPS and (busy := self._without_room(scope["path"], headers)) is not None:
            self._state.served.workshop.metrics.rejected(code_of(busy))
            await error_answer(busy)(scope, receive, send)
            return
        length = headers.get(b"content-length", b"").lstrip(b"0")[:MAX_LENGTH_DIGITS]
        if length.isdigit() and int(length) > self._max_bytes:
            await self._refuse(self._too_large(), self._max_bytes + REST_BYTES, receive, send)
            return
        body = _Body()
        try:
            await self._app(scope, self._counted(receive, body), send)
        except _TooLargeError:
            await self._refuse(self._too_large(), REST_BYTES, receive, send)
        except _TooManyError:
            await self._refuse(self._too_many(), REST_BYTES, receive, send)
        finally:
            self._held_bytes -= body.held_bytes

    async def _refuse(self, error: Exception, rest_bytes: int, receive: Receive, send: Send) -> None:
        """Answer, read a bounded rest of what the client still sends, and close."""
        self._state.served.workshop.metrics.rejected(code_of(error))
        answer = error_answer(error)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await _read_rest(receive, rest_bytes)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _strangeness(self, method: str, headers: dict[bytes, bytes]) -> RefusedError | None:
        """Why whoever sends this may not."""
        if not self._may_enter(headers):
            return RefusedError(
                "unauthorized", "the API key is missing or wrong; send `Authorization: Bearer <key>`"
            )
        if is_cross_site(method, headers):
            return RefusedError(
                "cross_site",
                "a page of another web site sent this request, and only this server's own page may; ask from "
                "a program, which sends neither Origin nor Sec-Fetch-Site",
            )
        return None

    def _may_enter(self, headers: dict[bytes, bytes]) -> bool:
        """Digests are compared, so that neither the length nor the beginning of a key shows in the time."""
        return not self._key_digests or carries(headers.get(b"authorization", b""), self._key_digests)

    def _without_room(self, path: str, headers: dict[bytes, bytes]) -> Exception | None:
        """Why nothing that this request may bring would be let in; a full server need not read it."""
        asked = headers.get(TIMEOUT_HEADER.encode())
        try:
            timeout_s = timeout_within(
                self._state.settings.timeout_ms, None if asked is None else asked.decode("latin-1")
            )
            self._state.served.workshop.admission.require_room(timeout_s, for_texts=path in MAY_BE_TEXTS)
        except (OverloadedError, RefusedError) as error:
            return error
        return None

    def _counted(self, receive: Receive, body: _Body) -> Receive:
        async def counting() -> Message:
            message = await receive()
            count = len(message.get("body", b""))
            body.held_bytes += count
            self._held_bytes += count
            if body.held_bytes > self._max_bytes:
                raise _TooLargeError
            if self._held_bytes > self._bodies_bytes:
                raise _TooManyError
            return message

        return counting

    def _too_large(self) -> RefusedError:
        return RefusedError(
            "request_too_large",
            f"the request has more than {self._max_bytes} bytes, the limit; send fewer or smaller items",
        )

    def _too_many(self) -> OverloadedError:
        return OverloadedError(
            f"the server is busy: requests of {self._bodies_bytes} bytes in all are under way, the limit; "
            "try again after the time in Retry-After",
            retry_after_s=1.0,
        )


async def _read_rest(receive: Receive, max_bytes: int) -> None:
    try:
        async with asyncio.timeout(REST_S):
            while max_bytes > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                max_bytes -= len(message.get("body", b""))
    except TimeoutError:
        return


def carries(authorization: bytes, digests: Sequence[bytes]) -> bool:
    """Whether a header holds one of the keys that have these digests. Takes as long whether or not."""
    scheme, _, key = authorization.partition(b" ")
    mine = hashlib.sha256(key.strip()).digest()
    found = [hmac.compare_digest(mine, one) for one in digests]
    return any(found) and scheme.lower() == b"bearer"


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

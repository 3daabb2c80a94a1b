"""The outermost ring: a request id, a log line, a 500 that tells nothing. Does not know routes or limits."""

import logging
import re
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.observe import request_id
from sightline.web.errors import error_answer
from sightline.web.state import PROBES

log = logging.getLogger(__name__)

_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
CLIENT_LEFT = 499  # nginx's number; it appears in the log only


class Edge:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identity = _identity(scope)
        header = (b"x-request-id", identity.encode())
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        token = request_id.set(identity)
        # health checks ask with HEAD, and FastAPI has no routes for it; the server below sends no body
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, send_with_id)
        except ClientDisconnect:
            status = CLIENT_LEFT
        except Exception as error:  # the outermost loop; told in our words, logged with the id
            if status:  # the answer has begun and cannot be taken back
                raise
            await error_answer(error)(scope, receive, send_with_id)
        finally:
            _log_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)


def _identity(scope: Scope) -> str:
    """The client's own id where it is sane, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    # a good probe every few seconds is no news
    level = logging.DEBUG if scope["path"] in PROBES and status == 200 else logging.INFO
    if log.isEnabledFor(level):
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        log.log(level, "request", extra={"fields": fields})

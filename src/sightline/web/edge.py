"""The outermost ring: a request id, a log line, a 500 that tells nothing. Does not know routes or limits."""

import logging
import re
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.observe.budget import ErrorBudgets
from sightline.observe.logs import request_id
from sightline.observe.metrics import Metrics
from sightline.observe.timings import Timings, timings
from sightline.web import objectives
from sightline.web.errors import code_of, error_answer
from sightline.web.pieces import BrokenOffError, is_broken_off
from sightline.web.state import PROBES

log = logging.getLogger(__name__)

_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
CLIENT_LEFT = 499  # nginx's number; it appears in the log only


class Edge:
    def __init__(self, app: ASGIApp, metrics: Metrics, budgets: ErrorBudgets) -> None:
        self._app = app
        self._metrics = metrics
        self._budgets = budgets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identity = _identity(scope)
        taken = Timings()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = _headers(identity, taken, time.perf_counter() - started)
                message["headers"] = [*message["headers"], *own]
            await send(message)

        tokens = request_id.set(identity), timings.set(taken)
        self._metrics.request_began()
        # health checks ask with HEAD, and FastAPI has no routes for it; the server below sends no body
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, send_with_id)
        except ClientDisconnect:
            status = CLIENT_LEFT
        except BrokenOffError as error:
            if not _is_broken_off(scope, error):
                raise
        except Exception as error:  # the outermost loop; told in our words, logged with the id
            if status:  # the answer has begun and cannot be taken back
                raise
            self._metrics.rejected(code_of(error))
            await error_answer(error)(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.request_ended(_route(inner), status, seconds)
            objectives.count(self._budgets, inner, status, seconds - taken.read_s)
            _log_request(scope, status, seconds)
            request_id.reset(tokens[0])
            timings.reset(tokens[1])


def _identity(scope: Scope) -> str:
    """The client's own id where it is sane, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)


def _headers(identity: str, taken: Timings, total_s: float) -> list[tuple[bytes, bytes]]:
    """The request's id, and where its time went, in ms; no queue and no forward where none was needed."""
    headers = {"x-request-id": identity, "x-total-ms": f"{total_s * 1000:.2f}"}
    if taken.forward_s:
        headers["x-queue-ms"] = f"{taken.queue_s * 1000:.2f}"
        headers["x-inference-ms"] = f"{taken.forward_s * 1000:.2f}"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _route(scope: Scope) -> str:
    """The pattern of the route that was taken, or would have been; what a client makes up is no label."""
    path = scope["path"]
    return str(getattr(scope.get("route"), "path", path if path in objectives.GROUPS else "none"))


def _is_broken_off(scope: Scope, error: BrokenOffError) -> bool:
    """Whether no more needs to be done; else the server below closes too, with more words."""
    log.warning("answer broken off", extra={"fields": {"path": scope["path"], "reason": error}})
    return is_broken_off(scope)


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

"""The ring around the edge: a server span for every request but probes. Knows no routes, no OpenTelemetry."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.observe.logs import cut, trace_id
from sightline.observe.traces import ERROR_TYPE, Attributes, RequestTrace, Traces, tracing
from sightline.web.state import PROBES

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})


class TraceRing:
    """Names and attributes by OpenTelemetry's conventions for HTTP; no query, no body, no header."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        answer: dict[str, str | int] = {}
        failure: str | None = None

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.update(_answer(message))
            await send(message)

        trace = self._traces.begin(_method(scope), _asked(scope), _caller(scope))
        token = trace_id.set(trace.trace_id)
        try:
            with tracing(trace):
                await self._app(scope, receive, watched_send)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            trace_id.reset(token)
            _end(trace, scope, answer, failure)


def _method(scope: Scope) -> str:
    """A method of HTTP's own; what a client makes up is one name."""
    return scope["method"] if scope["method"] in METHODS else "HTTP"


def _asked(scope: Scope) -> Attributes:
    return {
        "http.request.method": scope["method"] if scope["method"] in METHODS else "_OTHER",
        "network.protocol.version": scope["http_version"],
        "url.scheme": scope["scheme"],
        "url.path": cut(scope["path"]),
    }


def _answer(message: Message) -> Mapping[str, str | int]:
    """The status, and the request's id as the log has it."""
    identity = dict(message["headers"]).get(b"x-request-id", b"").decode("ascii")
    return {"http.response.status_code": message["status"], "sightline.request_id": identity}


def _caller(scope: Scope) -> Mapping[str, list[str]]:
    """The headers of W3C Trace Context. Baggage is not taken: nothing here needs what a stranger sends."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        if name in (b"traceparent", b"tracestate"):
            found.setdefault(name.decode(), []).append(value.decode("latin-1"))
    return found


def _end(trace: RequestTrace, scope: Scope, answer: Mapping[str, str | int], failure: str | None) -> None:
    attributes = dict(answer)
    status = int(attributes.get("http.response.status_code", 0))
    failed = failure is not None or status >= 500
    if failed:
        attributes[ERROR_TYPE] = failure or str(status)
    elif not status:  # no fault of ours: the conventions have no word for it
        attributes[ERROR_TYPE] = "client_left"
    route = getattr(scope.get("route"), "path", None)  # the pattern, put there by the router
    name = _method(scope)
    if route is not None:
        attributes["http.route"] = route
        name = f"{name} {route}"
    trace.end(name, attributes, failed=failed)

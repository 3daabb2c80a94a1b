"""HTTP below the application: requests bounded in length and time, refused in our shape. Knows no routes.

uvicorn collects a request for as long as it comes in, byte by byte and from strangers too, and tells of
malformed HTTP in plain text without an id.
"""

import asyncio
import logging
import secrets
import socket
import struct
from functools import partial
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sightline.web.errors import RefusedError, error_answer
from sightline.web.limits import REST_BYTES, REST_S
from sightline.web.pieces import BREAK_OFF
from sightline.web.reader import Reader, waiting_bytes
from sightline.web.state import METRICS

log = logging.getLogger(__name__)

# h11's bound, and twice nginx's. A head that one read from the socket brings whole, 256 KiB at most, passes.
MAX_HEAD_BYTES = 65_536
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # linger, for no second: else what waits is sent, then a mere end


class BoundedHttp(HttpToolsProtocol):
    """head_s: for a request's head, and for the first byte of a connection. body_s: for its body, and as much
    more as what has come would take at min_bytes_per_s: a large upload may take long, a stalled one may not.
    patience_s: how long, in a row, a client may take less of its answer than that; ending_s: when we end.
    """

    head_s = 15.0
    body_s = 30.0
    min_bytes_per_s = 65_536
    patience_s = 15.0
    ending_s = 2.0

    _head_bytes = 0  # received since the last end of a head, piece of a body or end of a request
    _is_refused = False
    _deadline = 0.0  # of the loop's clock
    _alarm: asyncio.TimerHandle | None = None  # set while a request is awaited or comes in

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._reader = Reader(
            partial(waiting_bytes, transport),
            self._leave,
            patience_s=self.patience_s,
            min_bytes_per_s=self.min_bytes_per_s,
        )
        self._allow(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._allow(None)
        super().connection_lost(exc)
        self._reader.forget()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.line_is_full()

    def resume_writing(self) -> None:
        self._reader.line_has_room()
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        self._reader.hurry(self.ending_s)
        if (
            self._alarm is not None and self.cycle is not None
        ):  # a request comes in: it is answered, not cut off
            self._allow(self.ending_s)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {BREAK_OFF: {"call": self._break_off}}

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        if self._alarm is None and not self._is_refused:  # the first bytes after an answer
            self._allow(self.head_s)
        if self._is_refused:
            if self._head_bytes > REST_BYTES:
                self.transport.close()
            return
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self._is_refused and not self.transport.is_closing():
            self._refuse(
                RefusedError(
                    "head_too_large",
                    f"the request's address and headers take more than {MAX_HEAD_BYTES} bytes, the limit; "
                    "send less of them",
                )
            )

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        self._allow(self.body_s)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self._deadline += len(body) / self.min_bytes_per_s
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        self._allow(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words, which it has logged
        self._refuse(RefusedError("invalid_request", "the request is no HTTP/1.1 that can be read"))

    def _allow(self, seconds: float | None) -> None:
        """From now on the client has so long to go on; None: nothing is awaited of it."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if seconds is not None:
            self._deadline = self.loop.time() + seconds
            self._alarm = self.loop.call_at(self._deadline, self._check)

    def _leave(self) -> None:
        """The client takes its answer too slowly."""
        fields = {"path": self.scope.get("path"), "reason": "its client reads too slowly"}
        log.warning("answer broken off", extra={"fields": fields})
        self._break_off()

    def _break_off(self) -> None:
        """By a reset: after a mere end, what came would look whole to clients of HTTP/1.0."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if (line := self.transport.get_extra_info("socket")) is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
        self.transport.abort()

    def _check(self) -> None:
        if self.loop.time() < self._deadline:  # a body that came has moved it
            self._alarm = self.loop.call_at(self._deadline, self._check)
            return
        self._alarm = None
        if (
            self.cycle is None and not self._head_bytes
        ):  # browsers open connections that they then do not need
            self.transport.close()
        elif not self._is_refused and not self.transport.is_closing():
            self._refuse(RefusedError("request_too_slow", "the request did not come in time; send it faster"))

    def _refuse(self, error: RefusedError) -> None:
        """Answer, throw a bounded rest away, and close: where a next request would begin is not known."""
        identity = secrets.token_hex(8)
        answer = error_answer(error)
        status = HTTPStatus(answer.status_code)
        headers = [*answer.raw_headers, (b"x-request-id", identity.encode()), (b"connection", b"close")]
        head = b"".join(b"%s: %s\r\n" % pair for pair in headers)
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), head, answer.body)
        )
        self._is_refused = True
        if self.cycle and not self.cycle.response_complete:  # a request before this one: its answer is lost
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(REST_S, self.transport.close)
        if METRICS in self.app_state:
            self.app_state[METRICS].rejected(error.code)
        fields = {"request_id": identity, "status": int(status), "code": error.code}
        log.info("request refused unread", extra={"fields": fields})

"""HTTP below the application: heads of bounded length, and refusals in our shape. Does not know routes.

uvicorn collects a request's head for as long as it comes in, from strangers too, and tells of malformed HTTP
in plain text without an id.
"""

import logging
import secrets
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sightline.web.errors import RefusedError, error_answer
from sightline.web.limits import REST_BYTES, REST_S

log = logging.getLogger(__name__)

# h11's bound, and twice nginx's. A head that one read from the socket brings whole, 256 KiB at most, passes.
MAX_HEAD_BYTES = 65_536


class BoundedHttp(HttpToolsProtocol):
    _head_bytes = 0  # received since the last end of a head, piece of a body or end of a request
    _is_refused = False

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
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
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words, which it has logged
        self._refuse(RefusedError("invalid_request", "the request is no HTTP/1.1 that can be read"))

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
        fields = {"request_id": identity, "status": int(status), "code": error.code}
        log.info("request refused unread", extra={"fields": fields})

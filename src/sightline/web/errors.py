"""Errors to HTTP answers: one table, one shape, nothing of the inside. Does not know routes."""

import logging
import math
from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from sightline.domain.errors import OverloadedError, SightlineError
from sightline.observe.logs import request_id
from sightline.web.answers import json_answer
from sightline.web.state import state_of

log = logging.getLogger(__name__)

STATUS = {
    # the caller can mend it
    "invalid_request": 400,
    "no_text_tower": 400,
    "url_fetch_off": 400,
    "unreachable_url": 400,
    "url_bad_answer": 400,
    "url_too_slow": 400,  # whoever named the address can name another; 504 would be our own slowness
    "empty_image": 400,
    "broken_image": 400,
    "invalid_filter": 400,
    "invalid_source": 400,
    "missing_vector": 400,
    "entry_unreadable": 400,
    "not_a_file": 400,
    "outside_source": 400,
    "broken_row": 400,
    "invalid_settings": 400,
    "unauthorized": 401,
    "cross_site": 403,
    "source_forbidden": 403,
    "model_not_found": 404,
    "collection_not_found": 404,
    "item_not_found": 404,
    "source_not_found": 404,
    "job_not_found": 404,
    "no_map": 404,
    "entry_gone": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_too_slow": 408,
    "collection_exists": 409,
    "space_mismatch": 409,
    "job_state": 409,
    "map_changed": 409,
    "missing_uploads": 409,
    "entry_changed": 409,
    "image_too_many_bytes": 413,
    "image_too_large": 413,
    "request_too_large": 413,
    "unsupported_format": 415,
    "unsupported_media_type": 415,
    "head_too_large": 431,
    # come back later
    "overloaded": 429,
    "not_ready": 503,
    "out_of_memory": 503,
    "library_off": 503,
    "store_unavailable": 503,
    "store_broken": 503,
    "store_not_installed": 503,
    "record_unavailable": 503,
    "deadline": 504,
    # ours to mend
    "forward_failed": 500,
    "nonfinite_vector": 500,
    "record_broken": 500,
    "record_newer": 500,
    "folder_owned": 500,
    "lease_lost": 500,
    "map_failed": 500,
    "storage_full": 507,
    "internal": 500,
}
TYPES = {401: "authentication_error", 429: "rate_limit_error"}
NOT_READY_RETRY_S = 2
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


class RefusedError(Exception):
    """A request that HTTP itself, not the domain, has reason to refuse. `code` is a key of STATUS."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def code_of(error: Exception) -> str:
    """The stable code of an error; `internal` for what is not in the table."""
    code = error.code if isinstance(error, SightlineError | RefusedError) else "internal"
    return code if code in STATUS else "internal"


def error_body(error: Exception) -> dict[str, object]:
    """The public account of an error: {"message", "type", "param", "code"}.

    What is not in the table, and every 500, is told in our words only; the rest is logged here, with the id.
    """
    code = code_of(error)
    status = STATUS[code]
    if status == 500:
        log.error("request failed", exc_info=error)
        message = f"the server failed on this request; its log has the details under {request_id.get()}"
    else:
        message = "; ".join([str(error), *getattr(error, "__notes__", [])])
    param = error.param if isinstance(error, RefusedError) else None
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"message": message, "type": kind, "param": param, "code": code}


def status_of(body: Mapping[str, object]) -> int:
    return STATUS[str(body["code"])]


def error_answer(error: Exception) -> Response:
    """The whole answer: status, body, and when to come back."""
    body = error_body(error)
    status = status_of(body)
    headers: dict[str, str] = {}
    if isinstance(error, OverloadedError):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    elif status == 503:
        headers["retry-after"] = str(NOT_READY_RETRY_S)
    elif status == 401:
        headers["www-authenticate"] = "Bearer"
    return json_answer({"error": body}, status=status, headers=headers)


async def answer_known_error(request: Request, error: Exception) -> Response:
    return _counted(request, error)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such path, or not with this method."""
    if not isinstance(error, HTTPException):  # registered for nothing else; the signature is Starlette's
        raise error
    allowed = _methods(request) if error.status_code == 405 else ""
    if request.method == "OPTIONS" and allowed:
        return Response(status_code=204, headers={"allow": allowed})
    code = HTTP_CODES.get(error.status_code, "invalid_request")
    message = {
        "not_found": "no such address; GET / lists what there is",
        "method_not_allowed": "this address does not take this method; GET / lists what there is",
    }.get(code, "the request cannot be understood")
    answer = _counted(request, RefusedError(code, message))
    if allowed:
        answer.headers["allow"] = allowed
    return answer


def _methods(request: Request) -> str:
    """All that an address takes: the router knows of the first of its routes only."""
    found = {
        method
        for method in METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    implied = {"OPTIONS", "HEAD"} if "GET" in found else {"OPTIONS"}
    return ", ".join(sorted(found | implied))


async def answer_wrong_parameter(request: Request, error: Exception) -> Response:
    """A parameter of the address that is of no use. What was sent is not shown: it may be long."""
    if not isinstance(error, RequestValidationError):  # registered for nothing else
        raise error
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return _counted(request, RefusedError("invalid_request", f"{name}: {first['msg']}", param=name))


def _counted(request: Request, error: Exception) -> Response:
    state_of(request).served.workshop.metrics.rejected(code_of(error))
    return error_answer(error)

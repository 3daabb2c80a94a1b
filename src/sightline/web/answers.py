"""Bytes of JSON answers, made without copies. Does not know what is answered."""

import time
from base64 import b64encode
from collections.abc import Callable, Mapping

import orjson
from fastapi import Request
from starlette.responses import Response

from sightline.domain.arrays import Float32
from sightline.observe import traces
from sightline.observe.metrics import OUTSIDE
from sightline.web.state import state_of


def json_answer(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON straight from numpy arrays: 512 floats validated one by one would cost ten times this."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status, headers=headers, media_type="application/json")


def has_tag(request: Request, tag: str) -> bool:
    """Whether the client holds what this tag, in its quotes, stands for."""
    held = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in held.split(","))


def vectors_answer(request: Request, make: Callable[[], object]) -> Response:
    """The JSON answer of a request for vectors, timed while it is made: of thousands that takes a while."""
    started = time.monotonic()
    answer = json_answer(make())
    ended = time.monotonic()
    state_of(request).served.workshop.metrics.stage("serialise", OUTSIDE, ended - started)
    traces.current().stage("serialise", started, ended)
    return answer


def base64_floats(vector: Float32) -> str:
    """Little-endian float32, as OpenAI's clients ask for by default."""
    return b64encode(vector.astype("<f4", copy=False).tobytes()).decode("ascii")

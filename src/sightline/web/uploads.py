"""Pictures and JSON off a request's body, bounded. Does not know models; opens no path and no connection."""

import binascii
import re
import time
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sightline.domain.errors import InvalidRequestError
from sightline.imaging.limits import Limits
from sightline.observe import traces
from sightline.observe.metrics import OUTSIDE
from sightline.observe.timings import timings
from sightline.services.jobs import Picture
from sightline.settings import Settings
from sightline.web.downloads import Link
from sightline.web.errors import RefusedError
from sightline.web.state import state_of

MAX_PARTS = 16
MAX_JSON_VALUES = 262_144  # 20 MB could hold ten million, of 56 bytes each
SMALL_JSON_BYTES = 65_536  # too little to hold many values

FLAGS = {"true": True, "1": True, "false": False, "0": False}
_DATA_URI = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,30}:", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/", " \t\r\n")


async def read_json(request: Request) -> dict[str, object]:
    """The JSON object of the body.

    Raises RefusedError: another content type; InvalidRequestError: no JSON, too deep or large, no object.
    """
    kind, _ = parse_options_header(request.headers.get("content-type", "application/json"))
    if kind != b"application/json" and not kind.endswith(b"+json"):
        raise _wrong_type(kind, "application/json")
    body = await _body(request)
    content = bounded_json(body, "the body")
    if not isinstance(content, dict):
        raise InvalidRequestError("the body must be a JSON object")
    return content


def bounded_json(text: bytes, what: str) -> object:
    """JSON from outside. Raises InvalidRequestError: it is none, or has too many values, or too deep ones."""
    values = sum(map(text.count, (b",", b"[", b"{"))) if len(text) > SMALL_JSON_BYTES else 0
    if values > MAX_JSON_VALUES:
        raise InvalidRequestError(
            f"{what} has more than {MAX_JSON_VALUES} values, the limit; send less at once"
        )
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(
            f"{what} is not JSON that can be read (line {error.lineno}, column {error.colno}); send UTF-8 "
            "JSON without NaN, nested less than 1000 deep"
        ) from error


async def _body(request: Request) -> bytes:
    """All of the body, timed: it comes in at the client's pace."""
    started = time.monotonic()
    body = await request.body()
    ended = time.monotonic()
    state_of(request).served.workshop.metrics.stage("read", OUTSIDE, ended - started)
    traces.current().stage("read", started, ended, {"http.request.body.size": len(body)})
    if (taken := timings.get()) is not None:
        taken.read_s += ended - started
    return body


async def read_picture(request: Request) -> Picture | Link:
    """The picture that the body holds: a multipart field `file`, JSON {"image"}, or the bytes themselves.

    In JSON it may be an address instead.

    Raises RefusedError: another content type; InvalidRequestError: not there, or twice; ImageError: size.
    """
    header = request.headers.get("content-type", "")
    kind, options = parse_options_header(header)
    if kind == b"multipart/form-data":
        return Picture(_file_part(await _body(request), options.get(b"boundary", b"")))
    if kind == b"application/json":
        content = await read_json(request)
        text = content.get("image", content.get("image_base64"))
        if not isinstance(text, str):
            raise InvalidRequestError('the JSON must have "image": base64, a data URI or a URL')
        return picture_of(text, state_of(request).settings)
    if kind.startswith(b"image/") or kind == b"application/octet-stream":
        return Picture(await _body(request))
    raise _wrong_type(kind, "multipart/form-data with a field `file`, application/json, or image/*")


@dataclass(frozen=True)
class Form:
    """A multipart form. files: contents of all fields called `file`; fields: the others, of each the last."""

    files: list[bytes]
    fields: dict[str, str]


async def read_form(request: Request) -> Form:
    """Raises RefusedError: no multipart form; InvalidRequestError: unreadable, or too many parts."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise _wrong_type(kind, "multipart/form-data, or application/json")
    body = await _body(request)
    found = _parts_of(body, options.get(b"boundary", b""))
    files = [body[part.start : part.end] for part in found if part.name == b"file"]
    fields = {
        part.name.decode("utf-8", "replace"): body[part.start : part.end].decode("utf-8", "replace")
        for part in found
        if part.name != b"file"
    }
    return Form(files, fields)


def is_form(request: Request) -> bool:
    return parse_options_header(request.headers.get("content-type", ""))[0] == b"multipart/form-data"


def flag(name: str, text: str) -> bool:
    """A field of a form, which has no true and false of its own. Raises RefusedError."""
    if text.lower() not in FLAGS:
        raise RefusedError("invalid_request", f"the field `{name}` is either true or false", param=name)
    return FLAGS[text.lower()]


def picture_of(text: str, settings: Settings) -> Picture | Link:
    """The picture in a data URI or in bare base64 (also URL-safe, also without padding); or where it is.

    Raises InvalidRequestError: neither of them; ImageBytesError: too large.
    """
    if text[:8].lower().startswith(("http://", "https://")):
        return Link(text)
    start = 0
    if match := _DATA_URI.match(text):
        if not match[1].lower().rstrip().endswith(";base64"):
            raise InvalidRequestError("the data URI is not base64; write it as data:image/png;base64,...")
        start = match.end()
    elif _SCHEME.match(text):
        raise InvalidRequestError(
            "a picture can be an http(s) URL, a data URI or base64; no other URI is read"
        )
    # 4/3 and a little for line ends: refused before it is decoded
    if (len(text) - start) * 3 // 4 > settings.max_image_bytes * 1.05:
        Limits(max_image_bytes=settings.max_image_bytes).check_bytes(len(text))
    return Picture(_from_base64(text[start:]))


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):  # less common forms, and whatever is wrong
        plain = text.translate(_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(
            "the picture is not base64 that can be read; encode its file's bytes"
        ) from error


class _Part(NamedTuple):
    name: bytes
    start: int
    end: int


class _Parts:
    """Collects where each part of a multipart body lies; nothing is copied until the file is cut out."""

    def __init__(self) -> None:
        self.found: list[_Part] = []
        self._count = 0
        self._header = self._value = self._disposition = b""
        self._start = self._end = -1

    def callbacks(self) -> dict[str, object]:
        names = ("part_begin", "header_field", "header_value", "header_end", "part_data", "part_end")
        return {f"on_{name}": getattr(self, name) for name in names}

    def part_begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise InvalidRequestError(
                f"the form has more than {MAX_PARTS} parts, the limit; send fewer at once"
            )
        self._disposition = b""
        self._start = self._end = -1

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def part_data(self, _: bytes, start: int, end: int) -> None:
        # data comes in pieces where a line end looks like a boundary; the pieces adjoin
        self._start = start if self._start < 0 else self._start
        self._end = end

    def part_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self.found.append(_Part(options.get(b"name", b""), max(self._start, 0), max(self._end, 0)))


def _parts_of(body: bytes, boundary: bytes) -> list[_Part]:
    if not boundary:
        raise InvalidRequestError("the content type multipart/form-data must name its boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise InvalidRequestError(
            "the multipart form cannot be read; check its boundary and that it is complete"
        ) from error
    return parts.found


def _file_part(body: bytes, boundary: bytes) -> bytes:
    files = [part for part in _parts_of(body, boundary) if part.name == b"file"]
    if len(files) != 1:
        raise InvalidRequestError(
            f"the form has {len(files)} fields called `file`; send exactly one picture there"
        )
    return body[files[0].start : files[0].end]


def _wrong_type(kind: bytes, wanted: str) -> RefusedError:
    shown = kind.decode("ascii", "replace")[:60]
    return RefusedError("unsupported_media_type", f"the content type is {shown!r}; send {wanted}")

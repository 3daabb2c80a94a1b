"""Items given one by one: put, listed, shown, removed. Does not know how vectors are made or searched."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from sightline.domain.collections import Item
from sightline.domain.entries import item_id
from sightline.domain.errors import InputError, InvalidRequestError, UnknownItemError
from sightline.domain.items import checked_item_id, checked_metadata
from sightline.imaging.thumbnails import MEDIA_TYPE
from sightline.services.collections.library import Library
from sightline.services.embedding import Embedded
from sightline.services.jobs import Asked, Picture, Text
from sightline.settings import Settings
from sightline.web.answers import json_answer
from sightline.web.calls import lane_of, timeout_of, while_connected
from sightline.web.errors import error_body
from sightline.web.jobs import within_page
from sightline.web.library import in_thread, item_answer, library_of
from sightline.web.openai import ERRORS
from sightline.web.schemas import EXAMPLE_PICTURE, check_text, documented, parsed
from sightline.web.state import state_of
from sightline.web.uploads import is_form, picture_of, read_form, read_json

router = APIRouter(tags=["items"], responses=ERRORS)

UPLOADS = "upload"  # the source that ids of what came without one are made in


class GivenItem(BaseModel):
    """A picture (data URI or base64) or a text. Without an id it gets one by its content."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = None
    image: str | None = None
    text: str | None = None
    uri: str = Field("", max_length=4096, description="shown with hits; never opened")
    metadata: dict[str, Any] = {}


class PutItems(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"items": [{"id": "a", "image": EXAMPLE_PICTURE, "metadata": {"colour": "grey"}}]}]
        },
    )
    items: list[GivenItem] = Field(min_length=1)
    wait: bool = Field(True, description="answer once searches find them")
    on_error: str = Field("fail", pattern="^(fail|item)$", description="item: a bad one gets its own error")


@dataclass(frozen=True)
class Given:
    """One item of a request, read: what it shows, and what is kept of it."""

    asked: Asked
    item: Item


@router.post(
    "/v1/collections/{name}/items", summary="Put pictures or texts in", openapi_extra=documented(PutItems)
)
async def put_items(request: Request, name: str) -> Response:
    """JSON, or a multipart form with `file`, once or more, and fields `id`, `uri`, `metadata` and `wait`."""
    library = library_of(request)
    collection = await in_thread(lambda: library.record.collection(name))
    service = library.served.for_space(collection.space)
    given, wait, each = await _read(request)
    readable = [one.asked for one in given if isinstance(one, Given)]
    embed = service.embed_each if each else service.embed_all
    work = embed(readable, timeout_s=timeout_of(request), lane=lane_of(request))
    made: Iterator[Embedded | Exception] = iter(await while_connected(request, work))
    results = [next(made) if isinstance(one, Given) else one for one in given]
    seq = await in_thread(lambda: _keep(library, name, given, results))
    timeout_s = timeout_of(request)
    is_searchable = wait and await in_thread(lambda: library.views.wait(name, seq, timeout_s=timeout_s))
    told = [_told(one, result) for one, result in zip(given, results, strict=True)]
    return json_answer({"items": told, "seq": seq, "searchable": is_searchable})


@router.get("/v1/collections/{name}/items", summary="Items by id, page by page")
async def list_items(request: Request, name: str, after: str = "", limit: int = 100) -> Response:
    library, limit = library_of(request), within_page(limit)
    page = await in_thread(lambda: library.record.page(name, after=after, limit=limit))
    following = page[-1].id if len(page) == limit else None
    return json_answer({"items": [item_answer(item) for item in page], "next": following})


@router.get("/v1/collections/{name}/items/{item:path}", summary="One item")
async def get_item(request: Request, name: str, item: str) -> Response:
    library = library_of(request)
    return json_answer(item_answer(await in_thread(lambda: _found(library, name, item))))


@router.delete("/v1/collections/{name}/items/{item:path}", summary="Take an item out")
async def remove_item(request: Request, name: str, item: str) -> Response:
    library = library_of(request)
    timeout_s = timeout_of(request)

    def remove() -> dict[str, object]:
        _found(library, name, item)
        seq = library.remove(name, [item])
        return {"seq": seq, "searchable": library.views.wait(name, seq, timeout_s=timeout_s)}

    return json_answer(await in_thread(remove))


@router.get("/v1/collections/{name}/thumbnails/{item:path}", summary="An item's picture, at most 256 px wide")
async def get_thumbnail(request: Request, name: str, item: str) -> Response:
    """Drawn anew from pixels: no byte of the file goes out. WebP, with its content's hash as ETag."""
    library = library_of(request)
    limits = state_of(request).served.get().model.limits

    def drawn() -> tuple[str, bytes | None]:
        found = _found(library, name, item)
        tag = f'"{found.sha256[:32]}"'
        if tag in request.headers.get("if-none-match", ""):
            return tag, None
        return tag, library.thumbnails.of(name, found, limits)

    tag, data = await in_thread(drawn)
    headers = {"etag": tag, "cache-control": "private, no-cache", "x-content-type-options": "nosniff"}
    if data is None:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=MEDIA_TYPE)


async def _read(request: Request) -> tuple[list[Given | InputError], bool, bool]:
    """The items, whether to wait for their view, and whether each may fail alone."""
    settings = state_of(request).settings
    if is_form(request):
        return await _read_form(request)
    asked = parsed(PutItems, await read_json(request))
    if len(asked.items) > settings.max_items:
        raise InvalidRequestError(
            f"the list has {len(asked.items)} items; the limit is {settings.max_items}: send less at once"
        )
    each = asked.on_error == "item"
    return [_given(one, settings, each=each) for one in asked.items], asked.wait, each


async def _read_form(request: Request) -> tuple[list[Given | InputError], bool, bool]:
    form = await read_form(request)
    metadata: object = {}
    if "metadata" in form.fields:
        try:
            metadata = orjson.loads(form.fields["metadata"])
        except orjson.JSONDecodeError as error:
            raise InvalidRequestError("the field `metadata` is not JSON; send an object") from error
    own_id = form.fields.get("id")
    if not form.files or (own_id and len(form.files) > 1):
        raise InvalidRequestError(
            f"the form has {len(form.files)} fields called `file`; send at least one, and just one with an id"
        )
    uri = form.fields.get("uri", "")
    given: list[Given | InputError] = [
        Given(Picture(data), _item(data, own_id, uri, metadata)) for data in form.files
    ]
    return given, form.fields.get("wait") not in ("false", "0"), False


def _given(one: GivenItem, settings: Settings, *, each: bool) -> Given | InputError:
    try:
        if (one.image is None) == (one.text is None):
            raise InvalidRequestError("an item has either `image` or `text`; send one of them")
        asked: Asked
        if one.text is not None:
            check_text(one.text, settings.max_text_chars)
            asked, data = Text(one.text), one.text.encode("utf-8", "surrogatepass")
        else:
            asked = picture_of(one.image or "", settings)
            data = asked.source if isinstance(asked.source, bytes) else b""
        return Given(asked, _item(data, one.id, one.uri, one.metadata))
    except InputError as error:
        if each:
            return error
        raise


def _item(data: bytes, own_id: str | None, uri: str, metadata: object) -> Item:
    sha256 = hashlib.sha256(data).hexdigest()
    return Item(
        id=checked_item_id(own_id) if own_id else item_id(sha256, UPLOADS),
        uri=uri,
        sha256=sha256,
        size_bytes=len(data),
        mtime_ns=None,
        metadata=checked_metadata(metadata),
    )


def _keep(library: Library, name: str, given: Sequence[Given | InputError], results: Sequence[object]) -> int:
    kept = [
        (one, made)
        for one, made in zip(given, results, strict=True)
        if isinstance(one, Given) and isinstance(made, Embedded)
    ]
    pictures = {
        one.item.sha256: one.asked.source
        for one, _ in kept
        if isinstance(one.asked, Picture) and isinstance(one.asked.source, bytes)
    }
    items, vectors = [one.item for one, _ in kept], [made.vector for _, made in kept]
    return library.put(name, items, vectors, pictures)


def _told(one: Given | InputError, result: object) -> dict[str, object]:
    if isinstance(result, Exception):
        return {"error": error_body(result)}
    return {"id": one.item.id, "sha256": one.item.sha256} if isinstance(one, Given) else {}


def _found(library: Library, name: str, item: str) -> Item:
    """Raises UnknownItemError."""
    found = library.record.items(name, [item])
    if item not in found:
        raise UnknownItemError(f"collection {name!r} has no item {item[:200]!r}")
    return found[item]

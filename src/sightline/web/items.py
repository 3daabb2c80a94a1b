"""Items given one by one: put, listed, shown, removed. Does not know how vectors are made or searched."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from sightline.domain.arrays import Float32
from sightline.domain.collections import PICTURE, TEXT, Item
from sightline.domain.entries import item_id
from sightline.domain.errors import InputError, InvalidRequestError
from sightline.domain.items import Metadata, checked_item_id, checked_metadata, checked_uri
from sightline.services.collections.library import Library
from sightline.services.embedding import Embedded
from sightline.services.jobs import Picture, Text
from sightline.settings import Settings
from sightline.web.answers import json_answer
from sightline.web.asking import require_all
from sightline.web.calls import Allowance, lane_of, while_connected
from sightline.web.downloads import Link, Read, Sent, downloads_of
from sightline.web.errors import RefusedError, error_body
from sightline.web.library import in_thread, is_searchable, item_answer, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import Limit, require_known
from sightline.web.pictures import found_item
from sightline.web.schemas import EXAMPLE_PICTURE, Body, check_text, documented, parsed, unknown
from sightline.web.state import state_of
from sightline.web.uploads import bounded_json, flag, is_form, picture_of, read_form, read_json

router = APIRouter(tags=["items"], responses=ERRORS, dependencies=[Depends(require_known)])

FORM_FIELDS = ("file", "id", "metadata", "uri", "wait")
MAX_REMOVED = 10_000  # ids in one request: 1.8 s, most of it for the files that were kept
UPLOADS = "upload"  # the source that ids of what came without one are made in


class GivenItem(Body):
    """A picture (data URI or base64) or a text. Without an id it gets one by its content."""

    id: str | None = None
    image: str | None = Field(None, description="a data URI, bare base64, or a URL that may be read")
    text: str | None = None
    uri: str = Field("", max_length=4096, description="shown with hits; never opened")
    metadata: dict[str, Any] = Field({})


class PutItems(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"id": "a", "image": EXAMPLE_PICTURE, "metadata": {"colour": "grey"}}]}]
        },
    )
    items: list[GivenItem] = Field(min_length=1)
    wait: bool = Field(True, description="answer once searches find them")
    on_error: str = Field("fail", pattern="^(fail|item)$", description="item: a bad one gets its own error")


class RemoveItems(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["a", "b"]}]})
    ids: list[str] = Field(min_length=1, max_length=MAX_REMOVED)


@dataclass(frozen=True)
class Given:
    """One item of a request: what was sent, or why it cannot be read; and what is kept with it."""

    sent: Sent
    id: str | None = None
    uri: str = ""
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """All items of a request. wait: for their view; each: one may fail alone."""

    items: Sequence[Given]
    wait: bool = True
    each: bool = False


@router.post(
    "/v1/collections/{name}/items", summary="Put pictures or texts in", openapi_extra=documented(PutItems)
)
async def put_items(request: Request, name: str) -> Response:
    """JSON, or a multipart form with `file`, once or more, and fields `id`, `uri`, `metadata` and `wait`."""
    library = library_of(request)
    space = await in_thread(request, lambda: library.record.space(name))
    service = library.served.for_space(space)
    batch = await _read(request)
    allowance, lane = Allowance.of(request), lane_of(request)

    async def work() -> tuple[int, list[dict[str, object]]]:
        async with downloads_of(request).of([one.sent for one in batch.items], allowance) as read:
            if not batch.each:
                require_all(read)
            asked = [one for one in read if not isinstance(one, InputError)]
            embed = service.embed_each if batch.each else service.embed_all
            made: Iterator[Embedded | Exception] = iter(
                await embed(asked, timeout_s=allowance.left_s(), lane=lane)
            )
            came = [(one, one if isinstance(one, InputError) else next(made)) for one in read]
            return await in_thread(request, lambda: _keep(library, name, batch.items, came))

    seq, told = await while_connected(request, work())
    found = batch.wait and await is_searchable(request, name, seq)
    return json_answer({"items": told, "seq": seq, "searchable": found})


@router.get("/v1/collections/{name}/items", summary="Items by id, page by page")
async def list_items(request: Request, name: str, after: str = "", limit: Limit = 100) -> Response:
    library = library_of(request)
    page = await in_thread(request, lambda: library.record.page(name, after=after, limit=limit))
    following = page[-1].id if len(page) == limit else None
    return json_answer({"items": [item_answer(item) for item in page], "next": following})


@router.get("/v1/collections/{name}/items/{item:path}", summary="One item")
async def get_item(request: Request, name: str, item: str) -> Response:
    library = library_of(request)
    return json_answer(item_answer(await in_thread(request, lambda: found_item(library, name, item))))


@router.delete("/v1/collections/{name}/items/{item:path}", summary="Take an item out")
async def remove_item(request: Request, name: str, item: str) -> Response:
    library = library_of(request)

    def remove() -> int:
        found_item(library, name, item)
        return library.remove(name, [item])

    seq = await in_thread(request, remove)
    return json_answer({"seq": seq, "searchable": await is_searchable(request, name, seq)})


@router.post(
    "/v1/collections/{name}/items/remove",
    summary="Take several items out at once",
    openapi_extra=documented(RemoveItems),
)
async def remove_items(request: Request, name: str) -> Response:
    """All that are there, in one step; those that are not are `missing`."""
    library = library_of(request)
    asked = list(dict.fromkeys(parsed(RemoveItems, await read_json(request)).ids))

    def remove() -> tuple[int, list[str]]:
        there = library.record.items(name, asked)
        return library.remove(name, list(there)), [one for one in asked if one not in there]

    seq, missing = await in_thread(request, remove)
    removed, found = len(asked) - len(missing), await is_searchable(request, name, seq)
    return json_answer({"removed": removed, "missing": missing, "seq": seq, "searchable": found})


async def _read(request: Request) -> Batch:
    settings = state_of(request).settings
    if is_form(request):
        return await _read_form(request)
    asked = parsed(PutItems, await read_json(request))
    if len(asked.items) > settings.max_items:
        raise InvalidRequestError(
            f"the list has {len(asked.items)} items; the limit is {settings.max_items}: send less at once"
        )
    each = asked.on_error == "item"
    return Batch([_given(one, settings, each=each) for one in asked.items], asked.wait, each)


async def _read_form(request: Request) -> Batch:
    form = await read_form(request)
    for name in form.fields:
        if name not in FORM_FIELDS:
            raise RefusedError("invalid_request", unknown("field", name, FORM_FIELDS), param=name[:40])
    metadata: object = {}
    if "metadata" in form.fields:
        metadata = bounded_json(form.fields["metadata"].encode(), "the field `metadata`")
    own_id = form.fields.get("id")
    if not form.files or (own_id and len(form.files) > 1):
        raise InvalidRequestError(
            f"the form has {len(form.files)} fields called `file`; send at least one, and just one with an id"
        )
    uri = checked_uri(form.fields.get("uri", ""))
    kept = (own_id and checked_item_id(own_id), uri, checked_metadata(metadata))
    items = [Given(Picture(data), *kept) for data in form.files]
    return Batch(items, wait=flag("wait", form.fields.get("wait", "true")))


def _given(one: GivenItem, settings: Settings, *, each: bool) -> Given:
    try:
        if (one.image is None) == (one.text is None):
            raise InvalidRequestError("an item has either `image` or `text`; send one of them")
        sent: Sent
        if one.text is None:
            sent = picture_of(one.image or "", settings)
        else:
            check_text(one.text, settings.max_text_chars)
            sent = Text(one.text)
        uri = checked_uri(one.uri or (sent.url if isinstance(sent, Link) else ""))
        return Given(sent, one.id and checked_item_id(one.id), uri, checked_metadata(one.metadata))
    except InputError as error:
        if each:
            return Given(error)
        raise


def _keep(
    library: Library, name: str, given: Sequence[Given], came: Sequence[tuple[Read, Embedded | Exception]]
) -> tuple[int, list[dict[str, object]]]:
    """The number of the newest change, and what is told of each item. came: its bytes, and its vector."""
    items: list[Item] = []
    vectors: list[Float32] = []
    sent: dict[str, bytes] = {}
    told: list[dict[str, object]] = []
    for one, (read, result) in zip(given, came, strict=True):
        if isinstance(result, Exception):
            told.append({"error": error_body(result)})
            continue
        data = _bytes_of(read)
        item = _item(one, data, TEXT if isinstance(read, Text) else PICTURE)
        sent[item.sha256] = data
        items.append(item)
        vectors.append(result.vector)
        told.append({"id": item.id, "sha256": item.sha256})
    return library.put(name, items, vectors, sent), told


def _bytes_of(read: Read) -> bytes:
    """What an item's identity is made of."""
    if isinstance(read, Text):
        return read.text.encode("utf-8", "surrogatepass")
    return read.source if isinstance(read, Picture) and isinstance(read.source, bytes) else b""


def _item(given: Given, data: bytes, kind: str) -> Item:
    sha256 = hashlib.sha256(data).hexdigest()
    return Item(
        id=given.id or item_id(sha256, UPLOADS),
        uri=given.uri,
        sha256=sha256,
        size_bytes=len(data),
        mtime_ns=None,
        metadata=given.metadata,
        key=kind,
    )

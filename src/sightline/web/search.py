"""Searching a collection by text, picture, item or vector, or several. Does not know how it is done."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from sightline.domain.arrays import Float32
from sightline.domain.collections import Space
from sightline.domain.errors import InvalidRequestError
from sightline.domain.filter_syntax import field_path, parse
from sightline.domain.hits import MAX_K, MAX_OFFSET, Answer, Hit, LikeItem, LikeVector, Query
from sightline.observe import traces
from sightline.observe.metrics import OUTSIDE
from sightline.services.collections.library import Library
from sightline.services.jobs import Picture, Text
from sightline.settings import Settings
from sightline.web.answers import json_answer
from sightline.web.asking import vectors
from sightline.web.downloads import Link, Sent
from sightline.web.library import in_thread, library_of, printable
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.schemas import Body, check_text, documented, parsed
from sightline.web.selections import WithinBody
from sightline.web.state import ServerState, state_of
from sightline.web.uploads import bounded_json, flag, is_form, picture_of, read_form, read_json

router = APIRouter(tags=["search"], responses=ERRORS, dependencies=[Depends(require_known)])

MAX_PARTS = 16
TEXT_FIELDS = frozenset({"text", "image", "image_url", "item", "group_by"})  # others are JSON, in a form too
KINDS = ("text", "image", "image_url", "item", "vector")


class Part(Body):
    """One thing that hits shall be like; with a negative weight, unlike. Only one of its kinds is given."""

    text: str | None = None
    image: str | None = Field(None, description="a data URI, or bare base64")
    image_url: str | None = Field(None, description="a data URI, or an address that this server may fetch")
    item: str | None = Field(None, description="the id of an item of this collection")
    vector: list[float] | None = None
    weight: float = Field(1.0, ge=-100, le=100)


class SearchRequest(Part):
    """One part by itself, or several in `query`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "a red shoe", "k": 5, "filter": {"price": {"lt": 50}}},
                {"query": [{"text": "a shoe"}, {"text": "a boot", "weight": -0.5}]},
            ]
        },
    )
    query: list[Part] | None = Field(None, min_length=1, max_length=MAX_PARTS)
    k: int = Field(10, ge=1, le=MAX_K, description="how many hits")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="how many to skip; then narrow by a filter")
    filter: dict[str, Any] | None = Field(None, description='as {"colour": "red", "price": {"lt": 50}}')
    within: WithinBody | None = Field(None, description="only what lies there on the map")
    group_by: str | None = Field(None, description="a field; of each of its values the best hit only")
    exact: bool = Field(False, description="compare every vector, even where there is an index")
    with_asked: bool = Field(False, description="the items that are asked about may be hits too")
    with_count: bool = Field(False, description="tell how many items pass a filter: it takes its time")


@router.post(
    "/v1/collections/{name}/search",
    summary="The items most like a text, a picture, an item, a vector, or several of them",
    openapi_extra=documented(SearchRequest),
)
async def search(request: Request, name: str) -> Response:
    """JSON, or a form with the picture in `file` and the other fields each by itself."""
    started = time.monotonic()
    library = library_of(request)
    asked, file = await _read(request)
    settings = state_of(request).settings
    parts = [_part(part, settings) for part in asked.query or []]
    if file is not None:
        parts.append((Picture(file), asked.weight))
    if _kinds(asked) or not parts:
        parts.append(_part(asked, settings))
    space = await in_thread(request, lambda: library.record.space(name))
    made = await _embedded(request, library, space, [one for one, _ in parts])
    query = Query(
        [_like(one, weight, made) for one, weight in parts],
        k=asked.k,
        offset=asked.offset,
        where=None if asked.filter is None else parse(asked.filter),
        within=None if asked.within is None else asked.within.selection(),
        group_by=None if asked.group_by is None else field_path(asked.group_by),
        exact=asked.exact,
        with_asked=asked.with_asked,
        with_count=asked.with_count,
    )
    answer = await in_thread(
        request, partial(_timed, state_of(request), partial(library.search.search, name, query))
    )
    return json_answer(_told(name, answer, time.monotonic() - started))


def _timed(state: ServerState, work: Callable[[], Answer]) -> Answer:
    began = time.monotonic()
    answer = work()
    ended = time.monotonic()
    state.served.workshop.metrics.stage("search", OUTSIDE, ended - began)
    traces.current().stage("search", began, ended)
    return answer


async def _read(request: Request) -> tuple[SearchRequest, bytes | None]:
    if not is_form(request):
        return parsed(SearchRequest, await read_json(request)), None
    form = await read_form(request)
    if len(form.files) > 1:
        raise InvalidRequestError(
            f"the form has {len(form.files)} fields called `file`; send one, or several pictures as JSON"
        )
    content = {name: _value(name, text) for name, text in form.fields.items()}
    return parsed(SearchRequest, content), form.files[0] if form.files else None


def _value(name: str, text: str) -> object:
    """A field of a form is text; what is none in JSON is written as in JSON."""
    if name in TEXT_FIELDS:
        return text
    if name == "exact":
        return flag(name, text)
    return bounded_json(text.encode(), f"the field `{name}`")


def _kinds(part: Part) -> list[str]:
    return [kind for kind in KINDS if getattr(part, kind) is not None]


def _part(part: Part, settings: Settings) -> tuple[Sent | LikeItem | LikeVector, float]:
    """What one part asks for, and its weight. Raises InvalidRequestError."""
    match _kinds(part):
        case ["text"]:
            check_text(part.text or "", settings.max_text_chars)
            return Text(part.text or ""), part.weight
        case ["image" | "image_url"]:
            return picture_of(part.image or part.image_url or "", settings), part.weight
        case ["item"]:
            return LikeItem(part.item or "", part.weight), part.weight
        case ["vector"]:
            with np.errstate(over="ignore"):  # what becomes infinite is refused with the other ones
                vector = np.asarray(part.vector, dtype=np.float32)
            return LikeVector(vector, part.weight), part.weight
        case found:
            raise InvalidRequestError(
                f"a part of the query has {', '.join(found) or 'nothing'}; send one of {', '.join(KINDS)}"
            )


async def _embedded(
    request: Request, library: Library, space: Space, parts: Sequence[object]
) -> Mapping[int, Float32]:
    """The vectors of the texts and pictures among the parts, by the part's identity."""
    sent = [part for part in parts if isinstance(part, Text | Picture | Link)]
    if not sent:
        return {}
    made = await vectors(request, library.served.for_space(space), sent)
    return {id(part): embedded.vector for part, embedded in zip(sent, made, strict=True)}


def _like(
    part: Sent | LikeItem | LikeVector, weight: float, made: Mapping[int, Float32]
) -> LikeItem | LikeVector:
    return part if isinstance(part, LikeItem | LikeVector) else LikeVector(made[id(part)], weight)


def _told(name: str, answer: Answer, seconds: float) -> dict[str, object]:
    return {
        "collection": name,
        "hits": [_hit(name, hit) for hit in answer.hits],
        "considered": answer.considered,
        "lag": answer.lag,
        "notes": list(answer.notes),
        "took_ms": round(seconds * 1000, 2),
    }


def _hit(name: str, hit: Hit) -> dict[str, object]:
    return {
        "id": hit.item_id,
        "score": hit.score,
        "weak": hit.is_weak,
        "uri": printable(hit.uri),
        "metadata": hit.metadata,
        "thumbnail": f"/v1/collections/{name}/thumbnails/{quote(hit.item_id)}",
        "met": hit.met,
    }

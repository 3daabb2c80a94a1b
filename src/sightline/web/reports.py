"""What is told of a whole collection: its duplicates, and all of it as a file. Does not know formats."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from sightline.domain.duplicates import NEAR, DuplicatesOrder, Group, KeepRule
from sightline.domain.errors import InvalidRequestError
from sightline.domain.filter_syntax import parse
from sightline.registry import export_format
from sightline.services.collections.export import ExportOrder
from sightline.web.answers import json_answer
from sightline.web.library import in_thread, item_answer, library_of
from sightline.web.openai import ERRORS

router = APIRouter(tags=["collections"], responses=ERRORS)


@router.get("/v1/collections/{name}/duplicates", summary="Items of which one would be enough")
async def list_duplicates(
    request: Request,
    name: str,
    *,
    threshold: str = str(NEAR),
    keep: KeepRule = "largest",
    offset: int = 0,
    limit: int = 100,
) -> Response:
    """threshold: the least cosine to the item that is kept, or `exact` for the same bytes only."""
    library = library_of(request)
    order = DuplicatesOrder(name, None if threshold == "exact" else _number(threshold), keep)

    def found() -> dict[str, object]:
        report = library.duplicates.find(order)
        groups = library.duplicates.page(report, offset=offset, limit=limit)
        more = offset + limit < len(report.stars)
        return {
            "groups": [_group(group) for group in groups],
            "total_groups": len(report.stars),
            "total_copies": report.copies,
            "next_offset": offset + limit if more else None,
        }

    return json_answer(await in_thread(found))


@router.get("/v1/collections/{name}/export", summary="All of a collection as a file")
async def export(
    request: Request, name: str, *, format: str = "jsonl", filter: str | None = None, vectors: bool = True
) -> Response:
    """filter: as in a search, as JSON. What changes while it is sent is there as it was or as it is."""
    library = library_of(request)
    try:
        where = None if filter is None else parse(orjson.loads(filter))
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError("the filter is not JSON; write it as in a search") from error
    order = ExportOrder(name, format, where, with_vectors=vectors)
    pieces = await in_thread(lambda: library.export.pieces(order))
    form = export_format(format)
    headers = {"content-disposition": f'attachment; filename="{name}{form.ending}"'}
    return StreamingResponse(_in_threads(pieces), headers=headers, media_type=form.media_type)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each made in a thread; whoever leaves early ends the making."""
    try:
        while (piece := await in_thread(partial(next, pieces, None))) is not None:
            yield piece
    finally:
        if hasattr(pieces, "close"):
            await in_thread(pieces.close)


def _group(group: Group) -> dict[str, object]:
    copies = [
        {**item_answer(copy.item), "score": copy.score, "exact": copy.is_exact} for copy in group.copies
    ]
    return {"keeper": item_answer(group.keeper), "copies": copies}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidRequestError(f"threshold is {text[:20]!r}; give a number up to 1, or `exact`") from None

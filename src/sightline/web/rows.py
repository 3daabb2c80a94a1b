"""Rows of a map: which are selected, what they are of, where an item is. Does not know how they are found."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from sightline.domain.arrays import Int64
from sightline.domain.errors import InvalidRequestError
from sightline.services.atlas.selecting import bits
from sightline.services.atlas.sheets import Sheet
from sightline.services.collections.library import Library
from sightline.web.answers import json_answer
from sightline.web.library import in_thread, library_of, printable
from sightline.web.openai import ERRORS
from sightline.web.parameters import MAX_OFFSET, MAX_PAGE, require_known
from sightline.web.pictures import thumbnail_address
from sightline.web.schemas import Body, documented, parsed
from sightline.web.selections import SelectBody
from sightline.web.sheets import AS_BYTES, BYTES
from sightline.web.uploads import read_json

router = APIRouter(tags=["maps"], responses=ERRORS, dependencies=[Depends(require_known)])

RowOf = Annotated[int, Field(ge=0, le=MAX_OFFSET)]


class ItemsBody(Body):
    """Either some rows, or a page of those that are selected."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rows": [0, 1]}, {"select": {"clusters": [3]}, "limit": 50}]},
    )
    rows: list[RowOf] | None = Field(None, max_length=MAX_PAGE)
    select: SelectBody | None = None
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="how many of the selected to skip")
    limit: int = Field(100, ge=1, le=MAX_PAGE)


class RowsBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["a", "b"]}]})
    ids: list[str] = Field(max_length=MAX_PAGE)


@router.post(
    "/v1/collections/{name}/map/select",
    summary="Which points a lasso, a filter and clusters select",
    responses={200: AS_BYTES},
    openapi_extra=documented(SelectBody),
)
async def select(request: Request, name: str, version: str | None = None) -> Response:
    """A bit for each row: bit i % 8, the least significant first, of byte i // 8. x-selected: how many."""
    library = library_of(request)
    selection = parsed(SelectBody, await read_json(request)).selected()

    def work() -> tuple[Sheet, int, bytes]:
        sheet = library.sheets.at(name, version)
        mask = library.selecting.rows(sheet, selection)
        return sheet, int(np.count_nonzero(mask)), bits(mask)

    sheet, count, mask = await in_thread(request, work)
    headers = {"x-selected": str(count), "x-points": str(len(sheet)), "x-version": sheet.version}
    return Response(mask, headers=headers, media_type=BYTES)


@router.post(
    "/v1/collections/{name}/map/items",
    summary="What some rows of the map are of",
    openapi_extra=documented(ItemsBody),
)
async def list_rows(request: Request, name: str, version: str | None = None) -> Response:
    """An item that has changed since is not told: ask for the map's newest version."""
    library = library_of(request)
    asked = parsed(ItemsBody, await read_json(request))
    if (asked.rows is None) == (asked.select is None):
        raise InvalidRequestError("items are asked for by either `rows` or `select`; send one of them")
    return json_answer(await in_thread(request, partial(_items, library, name, version, asked)))


@router.post(
    "/v1/collections/{name}/map/rows",
    summary="In which rows of the map some items are",
    openapi_extra=documented(RowsBody),
)
async def find_rows(request: Request, name: str, version: str | None = None) -> Response:
    """null of an item that is not there, has no point yet, or has changed since."""
    library = library_of(request)
    ids = parsed(RowsBody, await read_json(request)).ids

    def work() -> dict[str, object]:
        sheet = library.sheets.at(name, version)
        seqs = library.record.seqs_of(name, ids)
        found = sheet.rows_of(np.array([seqs.get(one, -1) for one in ids], dtype=np.int64))
        return {"version": sheet.version, "rows": [row if row >= 0 else None for row in found.tolist()]}

    return json_answer(await in_thread(request, work))


def _items(library: Library, name: str, version: str | None, asked: ItemsBody) -> dict[str, object]:
    sheet = library.sheets.at(name, version)
    if asked.select is None:
        rows = np.array(asked.rows, dtype=np.int64)
        total = len(rows)
        if (rows >= len(sheet)).any():
            raise InvalidRequestError(
                f"row {int(rows.max())} is none of this version of the map, which has {len(sheet)}; count "
                "from 0"
            )
    else:
        selected = np.flatnonzero(library.selecting.rows(sheet, asked.select.selected()))
        total, rows = len(selected), selected[asked.offset : asked.offset + asked.limit]
    return {"version": sheet.version, "items": _told(library, sheet, rows), "total": total}


def _told(library: Library, sheet: Sheet, rows: Int64) -> Sequence[dict[str, object]]:
    seqs = sheet.seqs[rows].tolist()
    items = library.record.items_at(sheet.collection, seqs)
    places = zip(sheet.xs[rows].tolist(), sheet.ys[rows].tolist(), strict=True)
    whereabouts = zip(rows.tolist(), seqs, places, sheet.clusters[rows].tolist(), strict=True)
    return [
        {
            "row": row,
            "id": items[seq].id,
            "uri": printable(items[seq].uri),
            "metadata": items[seq].metadata,
            "thumbnail": thumbnail_address(sheet.collection, items[seq]),
            "x": x,
            "y": y,
            "cluster": cluster,
        }
        for row, seq, (x, y), cluster in whereabouts
        if seq in items
    ]

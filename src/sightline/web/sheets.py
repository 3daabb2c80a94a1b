"""Maps as bytes: where the points lie, which colours they have. Does not know how either is found.

Geometry goes once; whatever changes after that, a selection, a filter, colours, is a bit or a byte a point.
"""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from sightline.domain.errors import OverloadedError
from sightline.domain.filter_syntax import field_path
from sightline.services.atlas.colours import OTHER, Categories, Coloured
from sightline.services.atlas.sheets import Sheet
from sightline.services.collections.library import Library
from sightline.web.answers import has_tag, json_answer
from sightline.web.library import in_thread, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.pieces import SENT_BYTES, BrokenOffError
from sightline.web.state import ServerState, state_of

router = APIRouter(tags=["maps"], responses=ERRORS, dependencies=[Depends(require_known)])

BYTES = "application/octet-stream"
AS_BYTES = {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
MAX_SENT = 32  # at once: each slow reader keeps 9 bytes a point in memory
RETRY_S = 1.0


@router.get("/v1/collections/{name}/map/points", summary="Where all points lie", responses={200: AS_BYTES})
async def get_points(request: Request, name: str, version: str | None = None) -> Response:
    """Of N points, little-endian: N float32 x, N float32 y, N bytes of cluster, 255 for none.

    version: one that `GET map` told; the newest if absent. It is the ETag.
    """
    sheet = await in_thread(request, lambda: library_of(request).sheets.at(name, version))
    headers = {**_kept_as(sheet), "x-points": str(len(sheet)), "content-length": str(9 * len(sheet))}
    if has_tag(request, headers["etag"]):
        return Response(status_code=304, headers=_kept_as(sheet))
    state = state_of(request)
    if state.maps >= MAX_SENT:
        raise OverloadedError(
            f"{MAX_SENT} maps are being sent, the limit; try again after the time in Retry-After",
            retry_after_s=RETRY_S,
        )
    columns = [sheet.xs.astype("<f4", copy=False), sheet.ys.astype("<f4", copy=False), sheet.clusters]
    pieces = _pieces(state, [column.data.cast("B") for column in columns if len(column)])
    return StreamingResponse(pieces, headers=headers, media_type=BYTES)


@router.get(
    "/v1/collections/{name}/map/colours", summary="A byte of colour for each point", responses={200: AS_BYTES}
)
async def get_colours(request: Request, name: str, by: str, version: str | None = None) -> Response:
    """by: a field of the metadata, with dots; its legend tells what the bytes mean. 255: no value."""
    sheet, coloured = await _coloured(request, name, by, version)
    if has_tag(request, _kept_as(sheet)["etag"]):
        return Response(status_code=304, headers=_kept_as(sheet))
    return Response(coloured.colours.tobytes(), headers=_kept_as(sheet), media_type=BYTES)


@router.get("/v1/collections/{name}/map/legend", summary="What the colours of a field mean")
async def get_legend(request: Request, name: str, by: str, version: str | None = None) -> Response:
    """The 20 largest values and all others together, or of numbers a scale between two ends."""
    sheet, coloured = await _coloured(request, name, by, version)
    if has_tag(request, _kept_as(sheet)["etag"]):
        return Response(status_code=304, headers=_kept_as(sheet))
    return json_answer({"by": by, **_legend(coloured)}, headers=_kept_as(sheet))


async def _coloured(request: Request, name: str, by: str, version: str | None) -> tuple[Sheet, Coloured]:
    path = field_path(by)
    library: Library = library_of(request)

    def work() -> tuple[Sheet, Coloured]:
        sheet = library.sheets.at(name, version)
        return sheet, library.colours.of(sheet, path)

    return await in_thread(request, work)


def _kept_as(sheet: Sheet) -> dict[str, str]:
    return {
        "etag": f'"{sheet.version}"',
        "cache-control": "private, no-cache",
        "x-content-type-options": "nosniff",
    }


def _legend(coloured: Coloured) -> dict[str, object]:
    legend = coloured.legend
    if isinstance(legend, Categories):
        entries = [
            {"value": entry.value, "count": entry.count, "colour": number}
            for number, entry in enumerate(legend.entries)
        ]
        others = {"other": legend.other, "other_colour": OTHER, "missing": legend.missing}
        return {"kind": "categorical", "entries": entries, **others}
    return {"kind": "number", "low": legend.low, "high": legend.high, "missing": legend.missing}


async def _pieces(state: ServerState, columns: list[memoryview]) -> AsyncIterator[bytes]:
    """Nothing is copied but what the line takes; the columns are all that a slow reader keeps."""
    state.maps += 1
    try:
        for column in columns:
            for start in range(0, len(column), SENT_BYTES):
                if state.is_draining:
                    raise BrokenOffError("the server is shutting down")
                yield bytes(column[start : start + SENT_BYTES])
    finally:
        state.maps -= 1

"""What is told of a whole collection: its duplicates, and all of it as a file. Does not know formats."""

import threading
import time

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from sightline.domain.duplicates import NEAR, DuplicatesOrder, Group, KeepRule
from sightline.domain.errors import DeadlineError, InvalidRequestError, NotReadyError
from sightline.domain.filter_syntax import parse
from sightline.registry import export_format
from sightline.services.collections.export import ExportOrder
from sightline.web.answers import json_answer
from sightline.web.calls import while_connected
from sightline.web.library import at_length, in_thread, item_answer, library_of, longer
from sightline.web.openai import ERRORS
from sightline.web.parameters import Limit, Offset, require_known
from sightline.web.pieces import in_pieces
from sightline.web.selections import within_of
from sightline.web.state import state_of
from sightline.web.uploads import bounded_json

MAX_SEARCH_S = 900.0  # for the duplicates of a large collection

router = APIRouter(tags=["collections"], responses=ERRORS, dependencies=[Depends(require_known)])


@router.get("/v1/collections/{name}/duplicates", summary="Items of which one would be enough")
async def list_duplicates(
    request: Request,
    name: str,
    *,
    threshold: str = str(NEAR),
    keep: KeepRule = "largest",
    offset: Offset = 0,
    limit: Limit = 100,
) -> Response:
    """threshold: the least cosine to the item that is kept, or `exact` for the same bytes only."""
    library, left = library_of(request), threading.Event()
    order = DuplicatesOrder(name, None if threshold == "exact" else _number(threshold), keep)

    ends_at = time.monotonic() + MAX_SEARCH_S

    def go_on(*_: int) -> None:
        """Told now and then, while somebody waits."""
        if state_of(request).is_draining:
            raise NotReadyError("the server is shutting down; ask another one")
        if left.is_set() or time.monotonic() > ends_at:
            raise DeadlineError("the search for duplicates took too long; ask for `exact` ones")

    def found() -> dict[str, object]:
        report = library.duplicates.find(order, go_on)
        groups = library.duplicates.page(report, offset=offset, limit=limit)
        more = offset + limit < len(report.stars)
        return {
            "groups": [_group(group) for group in groups],
            "total_groups": len(report.stars),
            "total_copies": report.copies,
            "next_offset": offset + limit if more else None,
        }

    try:
        return json_answer(await while_connected(request, at_length(request, found)))
    finally:
        left.set()


@router.get("/v1/collections/{name}/export", summary="All of a collection as a file")
async def export(
    request: Request,
    name: str,
    *,
    format: str = "jsonl",
    filter: str | None = None,
    within: str | None = None,
    vectors: bool = True,
) -> Response:
    """filter: as in a search, as JSON. within: a lasso, clusters, as in `map/select`, as JSON.

    What changes while it is sent is there as it was or as it is.
    """
    library = library_of(request)
    where = None if filter is None else parse(bounded_json(filter.encode(), "the filter"))
    order = ExportOrder(name, format, where, within_of(within), with_vectors=vectors)

    def go_on(_: int) -> None:
        if state_of(request).is_draining:
            raise NotReadyError("the server is shutting down; ask another one")

    with longer(request):  # refused while it can be
        pieces = await in_thread(request, lambda: library.export.pieces(order, go_on))
    form = export_format(format)
    headers = {"content-disposition": f'attachment; filename="{name}{form.ending}"'}
    return StreamingResponse(in_pieces(request, pieces), headers=headers, media_type=form.media_type)


@router.get("/v1/collections/{name}/export/survey", summary="How many items an export will hold")
async def survey_export(
    request: Request, name: str, *, filter: str | None = None, within: str | None = None
) -> Response:
    """filter, within: as in the export. notes: which of its fields no item has."""
    library, left = library_of(request), threading.Event()
    where = None if filter is None else parse(bounded_json(filter.encode(), "the filter"))
    order = ExportOrder(name, "jsonl", where, within_of(within))

    def go_on(_: int) -> None:
        if state_of(request).is_draining or left.is_set():
            raise NotReadyError("the server is shutting down; ask another one")

    def found() -> dict[str, object]:
        survey = library.export.survey(order, go_on)
        return {"items": survey.items, "notes": list(survey.notes)}

    try:
        return json_answer(await while_connected(request, at_length(request, found)))
    finally:
        left.set()


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

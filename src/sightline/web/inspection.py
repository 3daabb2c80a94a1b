"""The library as a whole: examined, repaired, backed up. For whoever may read its folder. Knows no store."""

import contextlib
from dataclasses import asdict
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from sightline.domain.errors import InvalidRequestError, UnknownCollectionError
from sightline.environment import home_of
from sightline.services.collections.inspection import Verdict
from sightline.services.collections.library import Library
from sightline.web.answers import json_answer
from sightline.web.library import at_length, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.schemas import Body, documented, parsed
from sightline.web.state import state_of
from sightline.web.store import require_owner
from sightline.web.uploads import read_json

router = APIRouter(tags=["collections"], responses=ERRORS, dependencies=[Depends(require_known)])


class RepairRequest(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"collection": "photos"}]})
    collection: str


class BackupRequest(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "/backups/library.db"}]})
    path: str = Field(min_length=1, max_length=4096, description="a file on the server's machine, whole path")
    record_only: bool = Field(False, description="without what came with requests, which may be large")


@router.get("/v1/library/check", summary="Compare the record's file and every view with the record")
async def check_library(request: Request, *, all: bool = False) -> Response:
    """all: every vector of every view, rather than a sample; that takes as many exact searches."""
    library = library_of(request)
    require_owner(request)
    return json_answer(await at_length(request, lambda: _checked(library, at_all=all)))


@router.post(
    "/v1/library/repair",
    summary="Make a collection's view anew from the record",
    openapi_extra=documented(RepairRequest),
)
async def repair_view(request: Request) -> Response:
    """Costs no forward pass. Until it is done, searches find what the view has by then."""
    library = library_of(request)
    require_owner(request)
    asked = parsed(RepairRequest, await read_json(request))
    is_done = await at_length(request, lambda: library.inspection.repair(asked.collection))
    return json_answer({"collection": asked.collection, "done": is_done})


@router.post("/v1/backup", summary="Copy the record into a file", openapi_extra=documented(BackupRequest))
async def back_up(request: Request) -> Response:
    """As it is now, with what came with requests and was kept. A file of the same name is replaced."""
    library = library_of(request)
    require_owner(request)
    asked = parsed(BackupRequest, await read_json(request))
    path = Path(asked.path)
    home = home_of(state_of(request).settings)
    try:
        if not path.is_absolute() or not path.parent.is_dir() or path.parent.resolve().is_relative_to(home):
            raise InvalidRequestError(
                f"{str(path)[:200]!r} cannot be written; give a whole path in a folder that is there, not in "
                "the library's own"
            )
        enclosed = await at_length(request, lambda: library.back_up(path, record_only=asked.record_only))
        size_bytes = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise InvalidRequestError(f"{str(path)[:200]!r} cannot be written: {reason}") from error
    uploads = None if asked.record_only else {"held": enclosed.held, "lacking": enclosed.lacking}
    return json_answer({"path": str(path), "size_bytes": size_bytes, "uploads": uploads})


@router.delete("/v1/library/unnamed", summary="Remove uploads that no item names")
async def remove_unnamed(request: Request) -> Response:
    """As are left after an older record was restored; a newer one that comes back would lack them."""
    library = library_of(request)
    require_owner(request)
    return json_answer({"removed": await at_length(request, library.uploads.remove_unnamed)})


def _checked(library: Library, *, at_all: bool) -> dict[str, object]:
    faults = library.inspection.faults()
    verdicts = []
    for name in library.inspection.names():
        with contextlib.suppress(UnknownCollectionError):  # deleted meanwhile
            verdicts.append(library.inspection.look(name, at_all=at_all))
    uploads = library.uploads.inspect(at_all=at_all)
    return {
        "sound": not faults and uploads.is_sound and all(verdict.is_sound for verdict in verdicts),
        "faults": faults,
        "uploads": asdict(uploads),
        "collections": [_told(verdict) for verdict in verdicts],
    }


def _told(verdict: Verdict) -> dict[str, object]:
    return {**asdict(verdict), "sound": verdict.is_sound}

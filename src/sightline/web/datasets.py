"""The data-set explorer's routes: embed a data set in the background, follow it, ask about it.

A data set is a folder below one of the source roots; its collection bears its name. Does not know jobs' rows.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.sse import format_sse_event
from starlette.responses import Response

from sightline.domain.collections import SourceNote
from sightline.domain.errors import UnknownCollectionError
from sightline.domain.items import COLLECTION_NAME, RESERVED_NAME
from sightline.domain.ledger import UNFINISHED, Job
from sightline.services.collections.library import Library
from sightline.services.collections.planning import Order
from sightline.web.answers import json_answer
from sightline.web.errors import RefusedError
from sightline.web.jobs import HEARTBEAT, streamed, watched
from sightline.web.library import in_thread, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.state import ServerState, state_of

router = APIRouter(tags=["explorer"], responses=ERRORS, dependencies=[Depends(require_known)])

MAX_NAME = 63  # characters: of a file's 255 bytes each may take four
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@router.post(
    "/datasets/{name}/embeddings/generate", status_code=202, summary="Embed a data set in the background"
)
async def generate(request: Request, name: str) -> Response:
    library = library_of(request)
    folder = _folder(state_of(request), name)
    order = Order(SourceNote(str(folder), str(folder), {}))
    job = await in_thread(request, lambda: library.take_in(collection_of(name), order))
    facts = {"dataset": name, "collection": job.collection, "job_id": job.id, "status": "started"}
    return json_answer(facts, status=202, headers={"location": f"/v1/jobs/{job.id}"})


@router.get(
    "/datasets/{name}/embeddings/progress",
    summary="How far it is, as events",
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def progress(request: Request, name: str) -> Response:
    library = library_of(request)
    job = await in_thread(request, lambda: _newest(library, name))
    if job is None:
        raise RefusedError("job_not_found", f"no embeddings were generated for {name[:80]!r} yet")
    return streamed(state_of(request), _events(request, library, job.id))


@router.get("/datasets/{name}/embeddings/status", summary="Whether there are embeddings, and how many")
async def status(request: Request, name: str) -> Response:
    library = library_of(request)
    _folder(state_of(request), name)

    def facts() -> dict[str, object]:
        job = _newest(library, name)
        try:
            items, dim = _counts(library, name)
        except UnknownCollectionError:
            items, dim = 0, None
        return {
            "dataset": name,
            "available": items > 0 and (job is None or job.state not in UNFINISHED),
            "count": items,
            "dimension": dim,
            **(_told(job) if job else {"status": "none", "processed": 0, "total": 0, "percentage": 0.0}),
        }

    return json_answer(await in_thread(request, facts))


async def _events(request: Request, library: Library, number: int) -> AsyncIterator[bytes]:
    last: dict[str, object] = {}
    async for job in watched(request, library, number):
        if job is None:
            yield HEARTBEAT
            continue
        told = _told(job)
        if told != last:
            last = told
            kind = "progress" if job.state in UNFINISHED else "complete" if job.state == "done" else "error"
            yield format_sse_event(event=kind, data_str=orjson.dumps(told).decode(), id=str(job.events))


def _told(job: Job) -> dict[str, object]:
    processed = job.done + job.failed
    share = processed / job.total if job.total else float(job.state == "done")
    return {
        "status": job.state,
        "processed": processed,
        "total": job.total,
        "failed": job.failed,
        "percentage": round(100 * share, 1),
        "message": job.message,
    }


def collection_of(dataset: str) -> str:
    """The data set's name where a collection can bear it, else one like it that no other data set has."""
    if COLLECTION_NAME.fullmatch(dataset) and not RESERVED_NAME.fullmatch(dataset):
        return dataset
    like = _NOT_IN_NAMES.sub("_", dataset.lower()).strip("_")[:40]
    return f"d_{like}_{hashlib.sha256(dataset.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _folder(state: ServerState, name: str) -> Path:
    """Raises RefusedError: there is no such data set."""
    if name not in ("", ".", "..") and "/" not in name and "\0" not in name and len(name) <= MAX_NAME:
        for root in state.settings.source_roots:
            top = Path(root).expanduser().resolve()
            found = top / name
            if found.is_dir() and found.resolve().parent == top:
                return found
    raise RefusedError(
        "collection_not_found",
        f"there is no data set {name[:80]!r}; it is a folder in one of SIGHTLINE_SOURCE_ROOTS",
    )


def _newest(library: Library, name: str) -> Job | None:
    return next(iter(library.ingestion.ledger.jobs(collection_of(name))), None)


def _counts(library: Library, name: str) -> tuple[int, int]:
    collection = library.record.collection(collection_of(name))
    return collection.items, collection.space.dim

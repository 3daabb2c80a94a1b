"""Jobs: how far they are, by asking or as a stream of events; paused, resumed, cancelled, retried.

Does not know what a job does.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from functools import partial

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from sightline.domain.errors import OverloadedError, UnknownJobError
from sightline.domain.ledger import UNFINISHED, Event, Job
from sightline.services.collections.library import Library
from sightline.web.answers import json_answer
from sightline.web.errors import RefusedError
from sightline.web.library import in_thread, job_answer, library_of, printable
from sightline.web.openai import ERRORS
from sightline.web.parameters import MAX_PAGE, Limit, Offset, require_known
from sightline.web.state import ServerState, state_of

router = APIRouter(tags=["jobs"], responses=ERRORS, dependencies=[Depends(require_known)])

LOOK_S = 0.3  # between two looks for events
HEARTBEAT_S = 10.0  # proxies close what is silent for longer
MAX_STREAMS = 256
HEARTBEAT = format_sse_event(data_str=None, comment="still here")
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@router.get("/v1/jobs", summary="All jobs, the newest first")
async def list_jobs(
    request: Request, collection: str | None = None, offset: Offset = 0, limit: Limit = 100
) -> Response:
    """collection: of this one only."""
    library = library_of(request)
    ledger = library.ingestion.ledger
    jobs = await in_thread(request, lambda: ledger.jobs(collection, limit=limit, offset=offset))
    following = offset + limit if len(jobs) == limit else None
    told = [job_answer(job, library.ingestion) for job in jobs]
    return json_answer({"jobs": told, "next_offset": following})


@router.get("/v1/jobs/{job}", summary="How far a job is")
async def get_job(request: Request, job: str) -> Response:
    library = library_of(request)
    number = job_id(job)
    found = await in_thread(request, lambda: library.ingestion.ledger.job(number))
    return json_answer(job_answer(found, library.ingestion))


@router.post("/v1/jobs/{job}/pause", summary="Pause a job once what is in hand is kept")
async def pause_job(request: Request, job: str) -> Response:
    return await _moved(request, job, "pause")


@router.post("/v1/jobs/{job}/resume", summary="Go on with a paused or failed job")
async def resume_job(request: Request, job: str) -> Response:
    return await _moved(request, job, "resume")


@router.post("/v1/jobs/{job}/cancel", summary="End a job; what is kept stays")
async def cancel_job(request: Request, job: str) -> Response:
    return await _moved(request, job, "cancel")


@router.post("/v1/jobs/{job}/retry", summary="Try all that failed again")
async def retry_job(request: Request, job: str) -> Response:
    library, number = library_of(request), job_id(job)
    queued = await in_thread(request, lambda: library.ingestion.retry(number))
    now = await in_thread(request, lambda: library.ingestion.ledger.job(number))
    return json_answer({"queued": queued, "job": job_answer(now, library.ingestion)})


@router.get("/v1/jobs/{job}/failures", summary="What failed and why, page by page")
async def list_failures(request: Request, job: str, after: str = "", limit: Limit = MAX_PAGE) -> Response:
    library, number = library_of(request), job_id(job)
    found = await in_thread(
        request, lambda: library.ingestion.ledger.failures(number, after=after, limit=limit)
    )
    failures = [
        {
            "id": one.task_id,
            "uri": printable(str(one.payload.get("uri", ""))),
            "code": one.code,
            "message": printable(one.message),
            "attempts": one.attempts,
        }
        for one in found
    ]
    return json_answer({"failures": failures, "next": found[-1].task_id if len(found) == limit else None})


@router.get(
    "/v1/jobs/{job}/events",
    summary="A job's events as they happen",
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def stream_events(request: Request, job: str) -> Response:
    """Server-sent events. Each has the id that Last-Event-ID takes up again; `job` tells all, without id."""
    library, number = library_of(request), job_id(job)
    known = await in_thread(request, lambda: library.ingestion.ledger.job(number))
    asked = request.headers.get("last-event-id", "")
    after = int(asked) if _NUMBER.fullmatch(asked) else known.events
    return streamed(state_of(request), _job_events(request, library, number, after))


def streamed(state: ServerState, chunks: AsyncIterator[bytes]) -> Response:
    """Raises OverloadedError: as many streams as there can be are open."""
    if state.streams >= MAX_STREAMS:
        raise OverloadedError(
            f"{MAX_STREAMS} streams are open, the limit; ask GET /v1/jobs/{{id}} instead",
            retry_after_s=HEARTBEAT_S,
        )
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return EventSourceResponse(_counted(state, chunks), headers=headers)


async def _counted(state: ServerState, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    state.streams += 1
    try:
        async for chunk in chunks:
            yield chunk
        if state.is_draining:
            yield _event("shutdown", {"message": "the job goes on when the server is back"})
    finally:
        state.streams -= 1


async def watched(request: Request, library: Library, number: int) -> AsyncIterator[Job | None]:
    """The job as it is and after each change, until it or the server has ended; None now and then.

    One that is deleted with its collection has ended too: whoever asks for it hears that it is not there.
    """
    seen, told_at = -1, time.monotonic()
    while not state_of(request).is_draining:
        try:
            job = await in_thread(request, partial(library.ingestion.ledger.job, number))
        except UnknownJobError:
            return
        now = time.monotonic()
        if job.events != seen:
            seen, told_at = job.events, now
            yield job
            if job.state not in UNFINISHED:
                return
        elif now - told_at >= HEARTBEAT_S:
            told_at = now
            yield None
        await asyncio.sleep(LOOK_S)


async def _job_events(request: Request, library: Library, number: int, after: int) -> AsyncIterator[bytes]:
    told: int | None = None  # up to which event `job` has told all
    async for job in watched(request, library, number):
        if job is None:
            yield HEARTBEAT
            continue
        facts = job_answer(job, library.ingestion)
        if told is None:
            told = job.events
            yield _event("job", facts)
        async for event in _events_since(request, library, number, after):
            after = event.id
            if event.kind == "progress" and event.id <= told:
                continue  # a bar would jump back
            yield _event(event.kind, _data(event, facts), event.id)


async def _events_since(request: Request, library: Library, number: int, after: int) -> AsyncIterator[Event]:
    while True:
        try:
            events = await in_thread(request, partial(library.ingestion.ledger.events, number, after=after))
        except UnknownJobError:
            return
        for event in events:
            after = event.id
            yield event
        if not events:
            return


def _data(event: Event, job: dict[str, object]) -> dict[str, object]:
    """What the event says, and how fast the job is by now."""
    return {**event.data, "at": event.at, "per_second": job["per_second"], "eta_s": job["eta_s"]}


def _event(kind: str, data: object, number: int | None = None) -> bytes:
    return format_sse_event(
        data_str=orjson.dumps(data).decode(), event=kind, id=None if number is None else str(number)
    )


async def _moved(request: Request, job: str, move: str) -> Response:
    library, number = library_of(request), job_id(job)
    moved = await in_thread(request, lambda: getattr(library.ingestion, move)(number))
    return json_answer(job_answer(moved, library.ingestion))


def job_id(text: str) -> int:
    """Raises RefusedError: no job has such an id."""
    if not _NUMBER.fullmatch(text):
        raise RefusedError("job_not_found", f"there is no job {text[:40]!r}; ids of jobs are whole numbers")
    return int(text)

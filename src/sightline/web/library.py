"""What the routes of collections share: the library, its owner, its descriptions. Does not know a route."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from fastapi import Request

from sightline.domain.collections import Item, SourceNote
from sightline.domain.errors import OverloadedError
from sightline.domain.ledger import Job
from sightline.domain.maps import Map
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.library import Described, Library
from sightline.web.calls import Allowance
from sightline.web.errors import RefusedError
from sightline.web.limits import carries, digest
from sightline.web.state import state_of

T = TypeVar("T")

MAX_LONG_WORKS = 4  # duplicates, exports, checks: each keeps a processor busy
LONG_RETRY_S = 5.0


def library_of(request: Request) -> Library:
    """Raises RefusedError: this server has none."""
    library = state_of(request).library
    if library is None:
        raise RefusedError(
            "library_off", "this server keeps no collections; its log says why, SIGHTLINE_HOME names a folder"
        )
    return library


async def in_thread(request: Request, work: Callable[[], T]) -> T:
    """Record and stores block; the event loop must not. Each route of each collection has its own places.

    Raises as Threads.call.
    """
    within_s = Allowance.of(request).left_s()
    return await state_of(request).threads.call(_purpose(request), work, within_s=within_s)


async def at_length(request: Request, work: Callable[[], T]) -> T:
    """As in_thread, of what goes through a whole collection: a few at once, for as long as it takes.

    Raises OverloadedError: as many are under way.
    """
    with longer(request):
        return await state_of(request).threads.call(_purpose(request), work)


async def is_searchable(request: Request, name: str, seq: int) -> bool:
    """Wait until searches find a change, or the request's time is over.

    These waits have places of their own: a store that hangs does not keep out those who do not wait for it.
    """
    views, left_s = library_of(request).views, Allowance.of(request).left_s()
    return await state_of(request).threads.call(
        (*_purpose(request), "view"), lambda: views.wait(name, seq, timeout_s=left_s), within_s=left_s
    )


def _purpose(request: Request) -> tuple[str, str, str | None]:
    of = request.path_params.get("name", request.path_params.get("collection"))
    return request.method, request.scope["route"].path, of


@contextmanager
def longer(request: Request) -> Iterator[None]:
    """A place for such work, for the block. Raises OverloadedError."""
    state = state_of(request)
    if state.long_works >= MAX_LONG_WORKS:
        raise OverloadedError(
            f"{MAX_LONG_WORKS} requests through whole collections are under way, the limit; try again "
            "after the time in Retry-After",
            retry_after_s=LONG_RETRY_S,
        )
    state.long_works += 1
    try:
        yield
    finally:
        state.long_works -= 1


def is_owner(request: Request) -> bool:
    """Whether the client has shown that it can read the library's folder."""
    header = request.headers.get("authorization", "").encode("latin-1")
    return carries(header, [digest(state_of(request).token)])


def described(one: Described, request: Request) -> dict[str, object]:
    """A collection as people see it; where its model lies on this machine, only its owner does."""
    collection, view = one.collection, one.view
    index = view.index
    return {
        "name": collection.name,
        "items": collection.items,
        "model": collection.space.model,
        "dim": collection.space.dim,
        "fingerprint": collection.space.fingerprint,
        **({"model_folder": collection.space.origin or None} if is_owner(request) else {}),
        "created_at": collection.created_at,
        "store": {
            "name": one.store,
            "address": one.store_address,
            "lag": view.lag,
            "trouble": view.trouble,
            "index": index and {"kind": index.kind, "covered": index.covered, "recall": index.recall},
        },
        "sources": [source_answer(source, one.counts) for source in one.sources],
        "map": one.map and _map_answer(one.map),
    }


def _map_answer(one: Map) -> dict[str, object]:
    return {
        "id": one.id,
        "algorithm": one.drawn.algorithm,
        "points": one.points,
        "clusters": len(one.clusters),
        "outliers": len(one.drawn.outliers),
        "trustworthiness": one.drawn.trustworthiness,
        "made_at": one.made_at,
    }


def source_answer(source: SourceNote, counts: Mapping[str, int]) -> dict[str, object]:
    return {"name": source.name, "address": source.address, "items": counts.get(source.name, 0)}


def job_answer(job: Job, ingestion: Ingestion) -> dict[str, object]:
    """A job as people see it, with its speed and the time left where these can be told."""
    per_second = ingestion.speeds.per_second(job.id) if job.state == "running" else None
    waiting = job.total - job.done - job.failed
    source = job.request.get("source")
    return {
        "id": job.id,
        "kind": job.kind,
        "collection": job.collection,
        "state": job.state,
        "scan": job.scan or None,
        "stage": ingestion.speeds.stage(job.id),
        "is_worked_on": job.state in ("planning", "running") and ingestion.is_at_work,
        "reason": job.reason,
        "message": job.message,
        "total": job.total,
        "done": job.done,
        "failed": job.failed,
        "computed": job.computed,
        "per_second": per_second and round(per_second, 1),
        "eta_s": round(waiting / per_second, 1) if per_second else None,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "source": source.get("address") if isinstance(source, dict) else None,
        "source_name": source.get("name") if isinstance(source, dict) else None,
    }


def item_answer(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "uri": printable(item.uri),
        "sha256": item.sha256,
        "size_bytes": item.size_bytes,
        "metadata": item.metadata,
        "source": item.source,
    }


def printable(address: str) -> str:
    """A file's name need not be text; JSON must be."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

"""What the routes of collections share: the library, its owner, its descriptions. Does not know a route."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio.to_thread
from fastapi import Request

from sightline.domain.collections import Item
from sightline.domain.errors import OverloadedError
from sightline.domain.ledger import Job
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.library import Described, Library
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


async def in_thread(work: Callable[[], T]) -> T:
    """Record and stores block; the event loop must not."""
    return await anyio.to_thread.run_sync(work)


async def at_length(request: Request, work: Callable[[], T]) -> T:
    """As in_thread, of what goes through a whole collection: a few at once, so that threads are left.

    Raises OverloadedError: as many are under way.
    """
    with longer(request):
        return await in_thread(work)


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
        "sources": [{"name": source.name, "address": source.address} for source in one.sources],
    }


def job_answer(job: Job, ingestion: Ingestion) -> dict[str, object]:
    """A job as people see it, with its speed and the time left where these can be told."""
    per_second = ingestion.per_second(job.id) if job.state == "running" else None
    waiting = job.total - job.done - job.failed
    source = job.request.get("source")
    return {
        "id": job.id,
        "kind": job.kind,
        "collection": job.collection,
        "state": job.state,
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

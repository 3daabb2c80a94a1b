"""Collections: made, listed, described, filled from a source, deleted. Does not know what fills them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from sightline.domain.collections import SourceNote
from sightline.domain.errors import SourceError
from sightline.domain.items import UNPRINTABLE, ColumnType, Json
from sightline.domain.ledger import Job
from sightline.services.collections.library import Library, space_of
from sightline.services.collections.planning import Order
from sightline.web.answers import json_answer
from sightline.web.errors import RefusedError
from sightline.web.library import described, in_thread, is_owner, job_answer, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.schemas import Body, documented, parsed
from sightline.web.state import state_of
from sightline.web.uploads import read_json

router = APIRouter(tags=["collections"], responses=ERRORS, dependencies=[Depends(require_known)])


class NewCollection(Body):
    """The model is one of GET /v1/models, the default model if absent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "photos"}]})
    name: str
    model: str | None = None


class TableColumns(Body):
    """Which columns of a table mean what; those not named are found by their names."""

    id: str | None = None
    pictures: list[str] = Field([])
    data: list[str] = Field([])
    metadata: list[str] | None = None
    types: dict[str, ColumnType] = Field(
        {}, description="what columns hold; cells that are something else are left out"
    )


def _printable(name: str) -> str:
    """Raises PydanticCustomError: it is one that not every record can keep, and no screen show."""
    if UNPRINTABLE.search(name):
        raise PydanticCustomError("unprintable", "it has control characters; leave them out")
    return name


class IngestRequest(Body):
    """A folder, a table or a tar file on the server's machine."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": "/srv/photos", "include": ["*.jpg"]}]}
    )
    source: str = Field(min_length=1, description="its path, below one of SIGHTLINE_SOURCE_ROOTS")
    name: Annotated[str, AfterValidator(_printable)] | None = Field(
        None,
        min_length=1,
        max_length=512,
        description="by which it is known when it moves; its path if absent",
    )
    model: str | None = None
    include: list[str] = Field([], description="globs over names; every picture's suffix if empty")
    exclude: list[str] = Field([])
    hidden: bool = Field(False, description="take names too that begin with a dot")
    columns: TableColumns | None = None
    root: str | None = Field(
        None, description="folder that a table's paths are relative to; its own if absent"
    )
    encoding: str | None = Field(
        None, max_length=40, description="of a CSV or JSON lines file, as cp1252; UTF-8 if absent"
    )
    keep_missing: bool = Field(False, description="keep items that the source has no more")


class ReembedRequest(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "clip-vit-b-32"}]})
    model: str = Field(description="one of GET /v1/models")
    drops_unreadable: bool = Field(
        False, description="take out what cannot be read again, as what came with requests and was not kept"
    )


@router.get("/v1/collections", summary="All collections")
async def list_collections(request: Request) -> Response:
    library = library_of(request)

    def listed() -> list[Mapping[str, object]]:
        return [described(library.describe(one.name), request) for one in library.record.collections()]

    return json_answer({"collections": await in_thread(request, listed)})


@router.post(
    "/v1/collections", status_code=201, summary="A new collection", openapi_extra=documented(NewCollection)
)
async def create_collection(request: Request) -> Response:
    library = library_of(request)
    asked = parsed(NewCollection, await read_json(request))
    made = await in_thread(request, lambda: library.create(asked.name, asked.model))
    return json_answer(
        described(made, request), status=201, headers={"location": f"/v1/collections/{asked.name}"}
    )


@router.get("/v1/collections/{name}", summary="Counts, space, store and index of a collection")
async def get_collection(request: Request, name: str) -> Response:
    library = library_of(request)
    found = await in_thread(request, lambda: library.describe(name))
    return json_answer(described(found, request))


@router.delete("/v1/collections/{name}", status_code=204, summary="Delete a collection and its jobs")
async def delete_collection(request: Request, name: str) -> Response:
    library = library_of(request)
    await in_thread(request, lambda: library.delete(name))
    return Response(status_code=204)


@router.post(
    "/v1/collections/{name}/ingest",
    status_code=202,
    summary="Take a source in; makes the collection if it is not there",
    openapi_extra=documented(IngestRequest),
)
async def ingest(request: Request, name: str) -> Response:
    library = library_of(request)
    asked = parsed(IngestRequest, await read_json(request))
    root = None if asked.root is None else require_below_roots(request, asked.root)
    note = _note(asked, require_below_roots(request, asked.source), root)
    order = Order(note, removes_missing=not asked.keep_missing)
    job = await in_thread(request, lambda: library.take_in(name, order, asked.model))
    return accepted(job, library)


@router.post(
    "/v1/collections/{name}/re-embed",
    status_code=202,
    summary="Give a collection the vectors of another model",
    openapi_extra=documented(ReembedRequest),
)
async def reembed(request: Request, name: str) -> Response:
    """Until all are there it is searched as it was; then it is bound to the other space in one step."""
    library = library_of(request)
    asked = parsed(ReembedRequest, await read_json(request))
    space = space_of(library.served.get(asked.model).model)
    job = await in_thread(
        request, lambda: library.ingestion.reembed(name, space, drops_unreadable=asked.drops_unreadable)
    )
    return accepted(job, library)


def accepted(job: Job, library: Library) -> Response:
    """A job that no crash loses any more."""
    headers = {"location": f"/v1/jobs/{job.id}"}
    return json_answer(job_answer(job, library.ingestion), status=202, headers=headers)


def require_below_roots(request: Request, address: str) -> str:
    """The source that is meant, of paths the links followed, if this client may name it.

    Raises RefusedError: it may not; SourceError: there is nothing at it.
    """
    if "://" in address and is_owner(request):
        return address
    roots = [Path(root).expanduser().resolve() for root in state_of(request).settings.source_roots]
    try:
        path = Path(address).expanduser() if is_owner(request) else Path(address)
        path = path.resolve()  # of what is not there too: below a root it may be said
        is_there = path.exists()
    except (OSError, ValueError, RuntimeError):
        path, is_there = None, False
    if not is_owner(request) and (path is None or not any(path.is_relative_to(root) for root in roots)):
        # whether it is there is not told to who may not name it
        raise RefusedError(
            "source_forbidden",
            f"{address[:200]!r} is not below one of the folders in SIGHTLINE_SOURCE_ROOTS; add its folder "
            "there, or use `sightline ingest` on the server's machine",
            param="source",
        )
    if path is None or not is_there:
        raise SourceError(f"there is nothing at {address[:200]!r}; give a folder, a table or a tar file")
    return str(path)


def _note(asked: IngestRequest, address: str, root: str | None) -> SourceNote:
    options: dict[str, Json] = {
        "include": _json(asked.include),
        "exclude": _json(asked.exclude),
        "hidden": asked.hidden,
        "root": root,
        "encoding": asked.encoding,
        "columns": asked.columns.model_dump() if asked.columns else None,
    }
    return SourceNote(asked.name or address, address, options)


def _json(texts: Sequence[str]) -> list[Json]:
    return list(texts)

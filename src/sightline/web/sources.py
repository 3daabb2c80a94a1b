"""Sources of a collection: one shown, one taken out with its items. Does not know how any is read.

A source's name is often a path, and so no part of the address: proxies make one slash of two.
"""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sightline.domain.errors import UnknownSourceError
from sightline.web.answers import json_answer
from sightline.web.library import in_thread, is_searchable, library_of, source_answer
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known

router = APIRouter(tags=["collections"], responses=ERRORS, dependencies=[Depends(require_known)])


@router.get("/v1/collections/{collection}/sources", summary="A source, and which others have its pictures")
async def get_source(request: Request, collection: str, name: str) -> Response:
    library = library_of(request)

    def told() -> dict[str, object]:
        described = library.describe(collection)
        for source in described.sources:
            if source.name == name:
                also = library.record.shared(collection, name)
                return {**source_answer(source, described.counts), "also_in": also}
        raise UnknownSourceError(f"collection {collection!r} has no source {name[:200]!r}")

    return json_answer(await in_thread(request, told))


@router.delete("/v1/collections/{collection}/sources", summary="Take a source out with its items")
async def remove_source(request: Request, collection: str, name: str) -> Response:
    """All or none. Vectors stay in the record: to take the source in again costs no forward pass."""
    library = library_of(request)

    def remove() -> tuple[int, int]:
        return library.remove_source(collection, name), library.record.head(collection)

    removed, seq = await in_thread(request, remove)
    found = await is_searchable(request, collection, seq)
    return json_answer({"removed": removed, "seq": seq, "searchable": found})

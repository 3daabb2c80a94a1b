"""A collection's map: ordered, told, given, deleted. Does not know how one is drawn or looked at."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from sightline.domain.arrays import Float32
from sightline.domain.collections import Item
from sightline.domain.errors import InvalidRequestError, NoMapError
from sightline.domain.ledger import Job
from sightline.domain.maps import MAX_WORDS, NEIGHBOURS, Algorithm, Cluster, MapOrder
from sightline.registry import coordinates_reader
from sightline.services.atlas.sheets import Sheet
from sightline.services.collections.library import Library
from sightline.web.answers import json_answer
from sightline.web.collections import accepted
from sightline.web.library import in_thread, job_answer, library_of, printable
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.pictures import thumbnail_address
from sightline.web.schemas import Body, documented, parsed
from sightline.web.uploads import is_form, read_form, read_json

router = APIRouter(tags=["maps"], responses=ERRORS, dependencies=[Depends(require_known)])

SHOWN_UNKNOWN = 100  # ids that no item has


class MapRequest(Body):
    """All of it may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"algorithm": "auto"}]})
    algorithm: Algorithm = Field("auto", description="auto: UMAP where it is installed, else PCA")
    neighbours: int = Field(NEIGHBOURS, description="2 to 100; few show detail, many the whole")
    min_distance: float = Field(0.1, description="of two points, in UMAP's units; 0 to below 1")
    seed: int = Field(0, description="of another seed the map looks another way")
    vocabulary: list[str] = Field(
        [], max_length=MAX_WORDS, description="words that clusters may be named by; built in if none"
    )


class PlacedItem(Body):
    id: str
    x: float
    y: float


class PlacesRequest(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"points": [{"id": "a", "x": 0.5, "y": -1.25}]}]}
    )
    points: Annotated[list[PlacedItem], Field(min_length=1)]


@router.post(
    "/v1/collections/{name}/map",
    status_code=202,
    summary="Draw a map of all items",
    openapi_extra=documented(MapRequest),
)
async def draw_map(request: Request, name: str) -> Response:
    """A job; the one that is under way, if there is one. The map before is looked at until it is done."""
    library = library_of(request)
    content = await read_json(request) if await request.body() else {}
    order = MapOrder(**parsed(MapRequest, content).model_dump())
    job = await in_thread(request, lambda: library.atlas.submit(name, order))
    return accepted(job, library)


@router.get("/v1/collections/{name}/map", summary="The map, its clusters, and what it can be coloured by")
async def get_map(request: Request, name: str) -> Response:
    """Where its points lie is told by `geometry`; of the newest version, as all that is counted here."""
    library = library_of(request)
    return json_answer(await in_thread(request, lambda: _told(library, name)))


@router.put(
    "/v1/collections/{name}/map",
    summary="A map of places that you have",
    openapi_extra=documented(PlacesRequest),
)
async def bring_map(request: Request, name: str) -> Response:
    """JSON, or a form whose `file` is CSV or Parquet with columns id, x and y.

    Items without a place are placed among the others, in the background. `unknown`: ids that no item has.
    """
    library = library_of(request)
    read = partial(_from_file, await _file(request)) if is_form(request) else None
    content = {} if read else await read_json(request)

    def work() -> dict[str, object]:
        ids, places = read() if read else _from_json(content)
        brought = library.atlas.bring(name, ids, places)
        unknown = {"unknown": brought.unknown[:SHOWN_UNKNOWN], "unknown_total": len(brought.unknown)}
        return {**_told(library, name), **unknown}

    return json_answer(await in_thread(request, work))


@router.delete("/v1/collections/{name}/map", status_code=204, summary="Delete the map; the items stay")
async def delete_map(request: Request, name: str) -> Response:
    library = library_of(request)
    await in_thread(request, lambda: library.atlas.drop(name))
    return Response(status_code=204)


async def _file(request: Request) -> bytes:
    form = await read_form(request)
    if len(form.files) != 1 or form.fields:
        raise InvalidRequestError("the form must have one field `file`, CSV or Parquet, and no other")
    return form.files[0]


def _from_file(data: bytes) -> tuple[list[str], Float32]:
    ids, places = coordinates_reader()(data)
    return ids, places


def _from_json(content: dict[str, object]) -> tuple[list[str], Float32]:
    points = parsed(PlacesRequest, content).points
    with np.errstate(over="ignore"):  # what becomes infinite is refused with what is
        places = np.array([(one.x, one.y) for one in points], dtype=np.float32)
    return [one.id for one in points], places


def _told(library: Library, name: str) -> dict[str, object]:
    job = library.atlas.job(name)
    try:
        sheet = library.sheets.newest(name)
    except NoMapError:
        return _nothing(library, name, job)
    drawn = sheet.map.drawn
    shown = {content for cluster in sheet.map.clusters for content in cluster.representatives}
    items = library.record.items_with(name, sorted(shown | set(drawn.outliers)))
    return {
        "state": "ready",
        "job": job and job_answer(job, library.ingestion),
        "id": sheet.map.id,
        "version": sheet.version,
        "algorithm": drawn.algorithm,
        "note": drawn.note,
        "made_at": sheet.map.made_at,
        "items": sheet.items,
        "points": len(sheet),
        "unplaced": sheet.unplaced,
        "landmarks": drawn.landmarks,
        "trustworthiness": drawn.trustworthiness,
        "graph_recall": drawn.graph_recall,
        "outliers": _pictures(name, drawn.outliers, items),
        "extent": sheet.extent,
        "clusters": [_cluster(sheet, cluster, items) for cluster in sheet.map.clusters],
        "fields": library.fields.of(name),
        "geometry": f"/v1/collections/{name}/map/points?version={sheet.version}",
    }


def _nothing(library: Library, name: str, job: Job | None) -> dict[str, object]:
    items = library.record.collection(name).items
    unknown = dict.fromkeys(
        ("id", "version", "algorithm", "made_at", "trustworthiness", "graph_recall", "extent", "geometry")
    )
    return {
        **unknown,
        "state": "none" if job is None else "drawing",
        "job": job and job_answer(job, library.ingestion),
        "note": "",
        "items": items,
        "points": 0,
        "unplaced": items,
        "landmarks": 0,
        "outliers": [],
        "clusters": [],
        "fields": library.fields.of(name),
    }


def _cluster(sheet: Sheet, cluster: Cluster, items: Mapping[str, Item]) -> dict[str, object]:
    return {
        "number": cluster.number,
        "name": cluster.name,
        "named_by": cluster.named_by,
        "size": int(sheet.sizes[cluster.number]),
        "representatives": _pictures(sheet.collection, cluster.representatives, items),
    }


def _pictures(name: str, contents: Sequence[str], items: Mapping[str, Item]) -> list[dict[str, object]]:
    """Of those that are still there."""
    return [
        {
            "id": items[content].id,
            "uri": printable(items[content].uri),
            "thumbnail": thumbnail_address(name, items[content]),
        }
        for content in contents
        if content in items
    ]

"""Items' pictures, small and large, as browsers keep them. Does not know how they are drawn."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from sightline.domain.collections import Item
from sightline.domain.errors import UnknownItemError
from sightline.imaging.limits import Limits
from sightline.imaging.thumbnails import MEDIA_TYPE
from sightline.services.collections.library import Library
from sightline.web.answers import has_tag
from sightline.web.library import in_thread, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.state import state_of

router = APIRouter(tags=["items"], responses=ERRORS, dependencies=[Depends(require_known)])

VERSION_DIGITS = 16  # of the content's hash
FOR_EVER = "private, max-age=31536000, immutable"  # another content has another address
EACH_TIME = "private, no-cache"
WEBP: dict[str, Any] = {"content": {MEDIA_TYPE: {}}}

Draw = Callable[[str, Item, Limits], bytes]


@router.get(
    "/v1/collections/{name}/thumbnails/{item:path}",
    summary="An item's picture, at most 256 px wide",
    responses={200: WEBP},
)
async def get_thumbnail(request: Request, name: str, item: str, v: str | None = None) -> Response:
    """Drawn anew from pixels: no byte of the file goes out. WebP, with its content's hash as ETag.

    v: how the hash begins, if the address came with it: then the picture is good for ever.
    """
    return await _shown(request, (name, item, v), library_of(request).thumbnails.of)


@router.get(
    "/v1/collections/{name}/pictures/{item:path}",
    summary="An item's picture, at most 1600 px wide",
    responses={200: WEBP},
)
async def get_picture(request: Request, name: str, item: str, v: str | None = None) -> Response:
    """As its thumbnail is: drawn anew, each time it is asked for."""
    return await _shown(request, (name, item, v), library_of(request).thumbnails.large)


def thumbnail_address(collection: str, item: Item) -> str:
    """One that leads to this content for ever."""
    version = item.sha256[:VERSION_DIGITS]
    return f"/v1/collections/{collection}/thumbnails/{quote(item.id)}?v={version}"


def found_item(library: Library, name: str, item: str) -> Item:
    """Raises UnknownItemError, UnknownCollectionError."""
    found = library.record.items(name, [item])
    if item not in found:
        raise UnknownItemError(f"collection {name!r} has no item {item[:200]!r}")
    return found[item]


async def _shown(request: Request, asked: tuple[str, str, str | None], draw: Draw) -> Response:
    library, (name, item_id, version) = library_of(request), asked
    limits = state_of(request).served.get().model.limits

    def drawn() -> tuple[Item, bytes | None]:
        item = found_item(library, name, item_id)
        return item, None if has_tag(request, _tag(item)) else draw(name, item, limits)

    item, data = await in_thread(request, drawn)
    is_this = version is not None and version == item.sha256[: max(VERSION_DIGITS, len(version))]
    headers = {
        "etag": _tag(item),
        "cache-control": FOR_EVER if is_this else EACH_TIME,
        "x-content-type-options": "nosniff",
    }
    if data is None:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=MEDIA_TYPE)


def _tag(item: Item) -> str:
    return f'"{item.sha256[:32]}"'

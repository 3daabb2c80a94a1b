"""From the items of a request to their vectors, while somebody waits. Does not know routes or models."""

from collections.abc import Sequence

from fastapi import Request

from sightline.domain.errors import InputError
from sightline.services.embedding import Embedded, EmbeddingService
from sightline.services.jobs import Asked
from sightline.web.calls import Allowance, lane_of, while_connected
from sightline.web.downloads import Sent, downloads_of


async def vectors(request: Request, service: EmbeddingService, sent: Sequence[Sent]) -> Sequence[Embedded]:
    """Vectors for all, or the first failure, with a note of which item it was.

    Raises as EmbeddingService.embed_all and Downloads.of; ClientDisconnect.
    """
    allowance, lane = Allowance.of(request), lane_of(request)

    async def work() -> Sequence[Embedded]:
        async with downloads_of(request).of(sent, allowance) as items:
            asked = _readable(items)
            require_all(items)
            return await service.embed_all(asked, timeout_s=allowance.left_s(), lane=lane)

    return await while_connected(request, work())


async def vectors_or_errors(
    request: Request, service: EmbeddingService, sent: Sequence[Sent]
) -> Sequence[Embedded | Exception]:
    """For each its vector, or its own error. Raises what concerns the whole, as vectors does."""
    allowance, lane = Allowance.of(request), lane_of(request)

    async def work() -> Sequence[Embedded | Exception]:
        async with downloads_of(request).of(sent, allowance) as items:
            asked = _readable(items)
            results = iter(await service.embed_each(asked, timeout_s=allowance.left_s(), lane=lane))
            return [item if isinstance(item, InputError) else next(results) for item in items]

    return await while_connected(request, work())


def _readable(items: Sequence[Asked | InputError]) -> Sequence[Asked]:
    return [item for item in items if not isinstance(item, InputError)]


def require_all(items: Sequence[Asked | InputError]) -> None:
    """Raises the first failure, with a note of which item it was."""
    for index, item in enumerate(items):
        if isinstance(item, InputError):
            if len(items) > 1:
                item.add_note(f"item {index} of {len(items)}, counted from 0")
            raise item

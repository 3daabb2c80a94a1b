"""Any number of items to vectors, in order, in bounded memory. Does not know where they come from or go.

Pictures are prepared in threads while the engine computes, in full batches: the third group of items is being
prepared while the second is computed and the first is handed out.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from itertools import islice

from sightline.cli.embed.inputs import Item
from sightline.domain.arrays import Float32
from sightline.domain.errors import SightlineError
from sightline.services.batching import Batcher
from sightline.services.jobs import Job, Picture
from sightline.services.model import BATCH, Model
from sightline.services.pool import preparation_pool
from sightline.services.queueing import BatchLimits

Outcome = tuple[str, Float32 | SightlineError]
Group = list[tuple[str, "Future[Job]"]]

UNBOUNDED = 1 << 62  # the groups bound the work; nothing is to be refused or split further


def embed_items(
    model: Model, items: Iterable[Item], *, threads: int | None = None
) -> Iterator[list[Outcome]]:
    """Outcomes of one group of items after the other: for each its id, and its vector (dim,) or its error.

    Raises SightlineError: from `items` itself.
    """
    rows_per_item = max(1, model.image_rows)
    group_size = max(1, BATCH // rows_per_item)
    batcher = Batcher(BatchLimits(max_rows=BATCH, max_cost=UNBOUNDED))
    batcher.start()
    pool = preparation_pool(threads)
    preparing: deque[Group] = deque()
    computing: deque[Group] = deque()
    try:
        for some in _groups(items, group_size):
            preparing.append([(item.id, pool.submit(_prepare, model, item)) for item in some])
            if len(preparing) > 1:
                computing.append(_compute(batcher, preparing.popleft()))
            if len(computing) > 1:
                yield _outcomes(computing.popleft())
        computing.extend(_compute(batcher, group) for group in preparing)
        while computing:
            yield _outcomes(computing.popleft())
    finally:
        pool.shutdown(cancel_futures=True)
        for group in computing:  # nobody waits for these any more: an interrupted command ends at once
            _give_up(group)
        batcher.close()


def _groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def _prepare(model: Model, item: Item) -> Job:
    if isinstance(item.asked, SightlineError):
        raise item.asked
    if isinstance(item.asked, Picture):
        return Job(model, "vision", rows=model.prepare_image(item.asked.source))
    return Job(model, "text", rows=model.prepare_texts([item.asked.text]))


def _compute(batcher: Batcher, group: Group) -> Group:
    """Queue a group once all of it is prepared, so that its batches are full."""
    failures = [prepared.exception() for _, prepared in group]  # waits
    batcher.put(
        [prepared.result() for (_, prepared), error in zip(group, failures, strict=True) if error is None]
    )
    return group


def _outcomes(group: Group) -> list[Outcome]:
    return [(name, _outcome(prepared)) for name, prepared in group]


def _outcome(prepared: "Future[Job]") -> Float32 | SightlineError:
    try:
        return prepared.result().answer.result()
    except SightlineError as error:
        return error


def _give_up(group: Group) -> None:
    for _, prepared in group:
        if prepared.exception() is None:
            prepared.result().answer.cancel()

"""What a run of changes comes to in the end. Knows no store."""

from collections.abc import Iterable

from sightline.domain.items import Change
from sightline.stores.scan import newest


def outcome(changes: Iterable[Change], cursor: int) -> tuple[list[Change], list[str]]:
    """What is to be written and what removed by changes after `cursor`, each item once.

    Changes up to the cursor are held already. Of several changes to one item only the last has an effect.
    """
    fresh = newest(changes, cursor)
    written = [change for change in fresh if change.vector is not None]
    return written, [change.item_id for change in fresh if change.vector is None]

"""Waits for what is searched to hold what the record does. Does not know how a view follows."""

import time
from typing import Any

from sightline.cli.library.connection import Connection
from sightline.cli.screen import note
from sightline.domain.wording import counted

LOOK_S = 0.1
PATIENCE_S = 30.0  # a replay of 100,000 vectors takes as long


def caught_up(library: Connection, collection: str) -> None:
    """Wait, for a bounded time, until searches find all; told where they do not yet.

    Raises ServerRefusedError: there is no such collection.
    """
    end = time.monotonic() + PATIENCE_S
    store = _store(library, collection)
    while store["lag"] and not store["trouble"] and time.monotonic() < end:
        time.sleep(LOOK_S)
        store = _store(library, collection)
    if store["lag"]:
        why = f": {store['trouble']}" if store["trouble"] else ""
        note(f"searches in {collection} are {counted(store['lag'], 'change')} behind{why}")


def _store(library: Connection, collection: str) -> dict[str, Any]:
    store: dict[str, Any] = library.get(f"/v1/collections/{collection}")["store"]
    return store

"""Qdrant as a library over a folder, for several threads. Knows nothing of Sightline.

Its local mode has no locks: a count beside an upsert fails with an index out of bounds.
"""

import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qdrant_client import QdrantClient


class LocalQdrant:
    """A client whose calls come one after the other."""

    def __init__(self, folder: Path | str) -> None:
        warnings.filterwarnings("ignore", "Local mode", UserWarning)  # of 20,000 points it warns at each call
        self._client = QdrantClient(path=str(folder), force_disable_check_same_thread=True)
        self._turn = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return self._alone(found) if callable(found) else found

    def _alone(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def alone(*args: Any, **options: Any) -> Any:
            with self._turn:
                return call(*args, **options)

        return alone

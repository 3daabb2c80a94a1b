"""Gives every content of a collection with a map its point, as it comes. Does not know how a map is drawn.

What came after the map is placed among its landmarks, in the background, and never in a request. Points that
are there stay as they are.
"""

import logging
import threading
import time

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.contents import as_hex, distinct, rows_in
from sightline.domain.errors import (
    MapChangedError,
    RecordError,
    StoreError,
    UnknownCollectionError,
)
from sightline.domain.maps import Map, Points
from sightline.domain.ports import Cartographer
from sightline.services.atlas.folders import MapFolders
from sightline.services.atlas.landmarks import landmarks_of
from sightline.services.atlas.plots import Plots
from sightline.services.collections.rounds import Rounds

log = logging.getLogger(__name__)

AT_ONCE = 1000  # contents placed together
LOOK_S = 0.2  # between two looks at what is due
CALM_S = 1.0
RETRY_S, LONGEST_RETRY_S = 5.0, 80.0  # doubled each time: a full disk is not filled and emptied all day
TURN_S = 60.0  # a collection that another thread follows is waited for
CLOSING_S = 5.0


class Follower:
    """Safe to use from several threads. At the start it follows everything, then what it is told of."""

    def __init__(
        self,
        record: Record,
        cartographer: Cartographer,
        *,
        folders: MapFolders,
        plots: Plots,
        calm_s: float = CALM_S,
    ) -> None:
        """calm_s: after it was told of something; what comes meanwhile is placed together."""
        self._record = record
        self._calm_s = calm_s
        self._cartographer = cartographer
        self._folders = folders
        self._plots = plots
        self._lock = threading.Lock()
        # a collection -> who follows it: of two at once, one could bring the places of a map that is gone
        self._turns: dict[str, threading.Lock] = {}
        self._due: dict[str, float] = {}  # collection -> time.monotonic() of the next look at it
        # collection -> the mark of its map, and the change up to which all are placed
        self._placed: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, float] = {}  # collection in trouble -> seconds until the try after the next
        self._rounds = Rounds()
        self._rounds.add("atlas", self._next, pause_s=LOOK_S)

    def start(self) -> None:
        for collection in self._record.collections():
            self.nudge(collection.name)
        self._rounds.start()

    def close(self) -> None:
        self._rounds.close(CLOSING_S)

    def nudge(self, name: str) -> None:
        """The collection or its map has changed."""
        self._look_at(name, self._calm_s)

    def _look_at(self, name: str, after_s: float) -> None:
        with self._lock:
            self._due.setdefault(name, time.monotonic() + after_s)

    def _next(self) -> bool:
        with self._lock:
            name = min(self._due, key=self._due.__getitem__, default=None)
            if name is None or self._due[name] > time.monotonic():
                return False
            del self._due[name]
        self.follow(name)
        return True

    def follow(self, name: str) -> None:
        """Place what has no point, and tell the store, in the caller's thread; what cannot be is later."""
        with self._lock:
            turn = self._turns.setdefault(name, threading.Lock())
        if not turn.acquire(timeout=TURN_S):
            self.nudge(name)  # another is at it, and may take long
            return
        try:
            self._follow(name)
        except UnknownCollectionError:
            self._placed.pop(name, None)
        except MapChangedError:
            self.nudge(name)
        except (RecordError, StoreError) as error:
            self._wait_out(name, error)
        except Exception as error:  # noqa: BLE001  # the map is kept: what follows must not fail its job
            self._wait_out(name, error, exc_info=error)
        else:
            self._waiting.pop(name, None)
        finally:
            turn.release()

    def _wait_out(self, name: str, error: Exception, *, exc_info: Exception | None = None) -> None:
        """exc_info: of what was not foreseen."""
        if name not in self._waiting:
            facts = {"collection": name, "reason": error}
            log.warning("points wait", extra={"fields": facts}, exc_info=exc_info)
        after_s = self._waiting.get(name, RETRY_S)
        self._waiting[name] = min(2 * after_s, LONGEST_RETRY_S)
        self._look_at(name, after_s)

    def _follow(self, name: str) -> None:
        """Raises UnknownCollectionError, MapChangedError, RecordError, StoreError."""
        known = self._record.maps.of(name)
        placed = 0
        if known is not None:
            known, placed = self._place_all(name, known)
        if not self._plots.bring(name, known, placed):
            self.nudge(name)  # the store's view is behind

    def _place_all(self, name: str, known: Map) -> tuple[Map, int]:
        """Up to which change everything has its point then."""
        head = self._record.head(name)
        mark, placed = self._placed.get(name, ("", 0))
        if mark != known.mark:
            known, placed = self._place_what_lacks(name, known)
        while not self._rounds.stopping.is_set():
            self._placed[name] = known.mark, placed
            part, vectors = self._record.vectors_since(name, placed, AT_ONCE)
            if not len(part):
                return known, max(placed, head)  # the newest change may be a removal
            known = self._add(name, known, part.contents, vectors)
            placed = int(part.seqs[-1])
        return known, placed

    def _place_what_lacks(self, name: str, known: Map) -> tuple[Map, int]:
        """Where nothing is known of how far it was followed: the roll tells who has no point."""
        roll = self._record.roll(name)
        there = self._record.maps.points(name, known.id).contents
        contents = distinct(roll.contents)
        lacking = contents[rows_in(there, contents) < 0]
        for start in range(0, len(lacking), AT_ONCE):
            if self._rounds.stopping.is_set():
                return known, 0
            part = as_hex(lacking[start : start + AT_ONCE])
            found = self._record.vectors(known.space, part)
            rows = [row for row, content in enumerate(part, start=start) if content in found]
            if rows:
                vectors = np.stack([found[content] for content in part if content in found])
                known = self._add(name, known, lacking[rows], vectors)
        return known, int(roll.seqs[-1]) if len(roll) else 0

    def _add(self, name: str, known: Map, contents: UInt8, vectors: Float32) -> Map:
        landmarks = landmarks_of(self._record, name, known, self._folders)
        if landmarks is None or vectors.shape[1] != landmarks.vectors.shape[1]:
            return known
        _, first = np.unique(contents, axis=0, return_index=True)
        places, clusters = landmarks.place(vectors[first], self._cartographer)
        points = Points(contents[first], places, clusters, np.zeros(len(first), dtype=bool))
        return self._record.maps.add(name, known.id, points)

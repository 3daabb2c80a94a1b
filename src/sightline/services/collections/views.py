"""Keeps the stores' views up with the record. Does not know how items come into the record.

A view follows its collection by replaying the changes after its cursor. So a view that is lost, broken or of
another store is made again by the same few lines, and costs no forward pass.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sightline.domain.catalogue import Record
from sightline.domain.errors import RecordError, StoreBrokenError, StoreError, UnknownCollectionError
from sightline.domain.items import IndexState
from sightline.domain.ports import Store, View
from sightline.services.collections.opened import OpenedViews

log = logging.getLogger(__name__)

REPLAY_CHANGES = 2000  # in one step: 8 MB of vectors of 1024 dimensions
PAUSE_S = 0.5  # between two looks at one collection while nobody waits: a job changes it many times a second
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 30.0
DELETION_S = 10.0  # a caller waits for the store's part of a deletion; it is made up for later
CLOSING_S = 5.0  # in all: a store may not answer, and what it does not hold is replayed
CALM_S = 5.0  # without changes, then the index is brought up to date


@dataclass(frozen=True)
class ViewState:
    """How far a view is. lag: changes that it does not hold yet. trouble: why it cannot follow just now."""

    cursor: int
    lag: int
    index: IndexState | None
    trouble: str | None


class Views:
    """Safe to use from several threads. Follows what it is told of by `nudge`, and at the start everything.

    address: where the store is, for people to read. closing_s: how long its end may take.
    """

    def __init__(
        self, record: Record, store: Store, *, address: str = "", closing_s: float = CLOSING_S
    ) -> None:
        self._record = record
        self._closing_s = closing_s
        self._opened = OpenedViews(record, store, address)
        # a view that was dropped and made anew between two pages of changes would miss those before
        self._following = threading.Lock()
        self._changed = threading.Condition()
        self._due: dict[str, float] = {}  # collection -> time.monotonic() of the next look at it
        self._calm: dict[str, float] = {}  # collection -> when its index is brought up to date
        self._reached: dict[str, int] = {}
        self._behind: dict[str, int] = {}
        self._retiring: set[str] = set()
        self._deletions = Counter[str]()
        self._retry_s: dict[str, float] = {}
        self._trouble: dict[str, str] = {}
        self._followed: Callable[[str], None] = _nobody
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._follow_all, name="views", daemon=True),
            threading.Thread(target=self._optimise_all, name="index", daemon=True),
        ]

    @property
    def store(self) -> Store:
        return self._opened.store

    @property
    def address(self) -> str:
        return self._opened.address

    def start(self) -> None:
        """Follow every collection from now on, and end the deletions that were begun."""
        self._retiring.update(self._record.retired())
        for name in [*self._retiring, *(collection.name for collection in self._record.collections())]:
            self._due[name] = time.monotonic()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop following; what is not followed yet is after the next start."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        follower, indexer = self._threads
        closer = threading.Thread(target=self.store.close, name="close", daemon=True)
        ends_at = time.monotonic() + self._closing_s
        for thread in (follower, closer, indexer):  # closing breaks off an index that would take minutes more
            if thread is closer:
                closer.start()
            if thread.is_alive():  # else it was never started
                thread.join(max(0.0, ends_at - time.monotonic()))

    def view(self, name: str) -> View:
        """The view of a collection, made if there is none.

        Raises UnknownCollectionError, StoreUnavailableError, StoreBrokenError, RecordError.
        """
        return self._opened.view(name)

    def nudge(self, name: str) -> None:
        """The record of a collection has changed."""
        with self._changed:
            self._due.setdefault(name, time.monotonic() + PAUSE_S)
            self._calm.pop(name, None)
            self._changed.notify_all()

    def when_followed(self, tell: Callable[[str], None]) -> None:
        """Called with a collection's name whenever its view has caught up, by the thread that follows."""
        self._followed = tell

    def wait(self, name: str, seq: int, *, timeout_s: float) -> bool:
        """Wait until the view holds the record up to a change; False if it does not in time, or is gone."""
        deletions = self._deletions[name]
        try:
            self._record.head(name)
        except UnknownCollectionError:
            return False
        with self._changed:
            self._due[name] = time.monotonic()
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._holds(name, seq) or self._is_closed or self._deletions[name] != deletions,
                timeout_s,
            )
            return self._holds(name, seq)

    def _holds(self, name: str, seq: int) -> bool:
        return self._reached.get(name, -1) >= seq

    def state(self, name: str) -> ViewState:
        """Raises UnknownCollectionError, RecordError."""
        head = self._record.head(name)
        try:
            view = self.view(name)
            cursor, index = view.cursor, view.state()
        except StoreError as error:
            return ViewState(0, head, None, str(error))
        return ViewState(cursor, max(0, head - cursor), index, self._trouble.get(name))

    def lag(self, name: str) -> int:
        """How many changes the view does not hold yet, as far as is known without asking the store."""
        return max(0, self._record.head(name) - self._reached.get(name, 0))

    def furthest_behind(self) -> int:
        """Changes that the view furthest behind did not hold when it was last looked at."""
        return max(self._behind.values(), default=0)

    def rebuild(self, name: str) -> None:
        """Drop the view and make it again from the record. Raises StoreUnavailableError."""
        with self._following:
            self._drop(name)
        self.nudge(name)

    def switch(self, store: Store, address: str) -> None:
        """Fill another store, then search in that one; the one before is closed, and keeps what it has.

        Raises StoreError: it cannot be filled; then it is closed, and nothing has changed.
        """
        filled = Views(self._record, store, address=address)
        try:
            for collection in self._record.collections():
                filled.catch_up(collection.name)
        except BaseException:
            store.close()
            raise
        before = self.store
        with self._following:
            self._opened, self._reached = filled._opened, filled._reached
        before.close()
        for collection in self._record.collections():
            self.nudge(collection.name)

    def catch_up(self, name: str) -> None:
        """Bring a view up to the record in the caller's thread. Raises as `view`."""
        view = self.view(name)
        cursor = view.cursor
        self._reach(name, cursor)
        while not self._is_closed and (changes := self._record.changes_since(name, cursor, REPLAY_CHANGES)):
            cursor = changes[-1].seq
            view.apply(changes, cursor)
            self._reach(name, cursor)

    def end(self, name: str) -> None:
        """Drop the view of a retired collection, and end its deletion; later where its store is down."""
        with self._changed:
            self._retiring.add(name)
            self._due[name] = time.monotonic()
            self._changed.notify_all()
            self._changed.wait_for(lambda: name not in self._retiring or self._is_closed, DELETION_S)

    def _end_deletion(self, name: str) -> None:
        self._drop(name)
        self._record.delete(name)
        with self._changed:
            self._retiring.discard(name)
            self._deletions[name] += 1
            self._changed.notify_all()

    def _drop(self, name: str) -> None:
        self._reached.pop(name, None)
        self._behind.pop(name, None)
        self._opened.drop(name)

    def _follow_all(self) -> None:
        while (name := self._next(self._due)) is not None:
            try:
                self._follow(name)
            except UnknownCollectionError:
                self._opened.forget(name)
            except StoreBrokenError as error:
                self._opened.forget(name)
                self._wait_out(name, error)
            except (StoreError, RecordError) as error:
                self._wait_out(name, error)
            except Exception as error:  # a worker's outer loop
                log.exception("a view cannot follow", extra={"fields": {"collection": name}})
                self._wait_out(name, error)
            else:
                self._retry_s.pop(name, None)
                self._trouble.pop(name, None)

    def _follow(self, name: str) -> None:
        with self._following:
            if name in self._retiring:
                self._end_deletion(name)
            else:
                self._follow_up(name)

    def _follow_up(self, name: str) -> None:
        view = self.view(name)
        head = self._record.head(name)
        if view.cursor > head:
            self._drop(name)
            view = self.view(name)
        is_behind = view.cursor < head
        self._behind[name] = head - view.cursor
        self.catch_up(name)
        self._behind[name] = 0
        if is_behind:
            self._opened.note(name, self._reached[name])
        self._followed(name)
        with self._changed:
            self._calm.setdefault(name, time.monotonic() + CALM_S)
            self._changed.notify_all()

    def _reach(self, name: str, cursor: int) -> None:
        with self._changed:
            self._reached[name] = cursor
            self._changed.notify_all()

    def _wait_out(self, name: str, error: Exception) -> None:
        retry_s = self._retry_s.get(name, FIRST_RETRY_S)
        self._retry_s[name] = min(2 * retry_s, LAST_RETRY_S)
        if name not in self._trouble:
            log.warning("view waits", extra={"fields": {"collection": name, "reason": error}})
        self._trouble[name] = str(error)
        with self._changed:
            self._due.setdefault(name, time.monotonic() + retry_s)

    def _optimise_all(self) -> None:
        while (name := self._next(self._calm)) is not None:
            try:
                self.view(name).optimise()
            except UnknownCollectionError:
                continue
            except (StoreError, RecordError) as error:
                if not self._is_closed:
                    log.warning("index waits", extra={"fields": {"collection": name, "reason": error}})
                    self.nudge(name)  # an index is made again when the view has followed
            except Exception:
                log.exception("an index cannot be made", extra={"fields": {"collection": name}})

    def _next(self, due: dict[str, float]) -> str | None:
        """The next collection whose time has come, taken from the dict; None once closed."""
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                ready = min(due, key=due.__getitem__, default=None)
                if ready is not None and due[ready] <= now:
                    del due[ready]
                    return ready
                self._changed.wait(None if ready is None else due[ready] - now)
        return None


def _nobody(_: str) -> None:
    """Nobody wants to know."""

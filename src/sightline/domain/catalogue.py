"""What services ask of the record and of its ledger, as Protocols. Does not know which database answers.

Every call may raise RecordUnavailableError (try again) or RecordBrokenError, and one that writes also
StorageFullError: then nothing of it was kept. All are synchronous, and safe to use from several threads.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from sightline.domain.arrays import Float32
from sightline.domain.collections import (
    Changeset,
    Collection,
    Document,
    Item,
    Mark,
    Roll,
    SourceNote,
    Space,
    ViewNote,
)
from sightline.domain.items import Change, Metadata
from sightline.domain.kept_maps import KeptMaps
from sightline.domain.ledger import Event, Failure, Job, JobState, Lease, Outcome, Task


class Record(Protocol):
    """Collections, items and vectors. Where a collection is named, UnknownCollectionError may be raised."""

    @property
    def maps(self) -> KeptMaps: ...

    def create(self, name: str, space: Space) -> Collection:
        """Raises CollectionExistsError, InvalidRequestError."""
        ...

    def bind(self, name: str, space: Space) -> Collection:
        """The collection, made if it is not there. Raises SpaceMismatchError, InvalidRequestError."""
        ...

    def collections(self) -> list[Collection]: ...

    def collection(self, name: str) -> Collection: ...

    def space(self, name: str) -> Space:
        """The space a collection is bound to: cheaper than `collection`, which counts."""
        ...

    def head(self, name: str) -> int:
        """The number of its newest change: cheaper than `collection`, which counts."""
        ...

    def retire(self, name: str) -> None:
        """Begin to delete: nobody sees it from now on. Then drop its views, then `delete`."""
        ...

    def retired(self) -> list[str]:
        """Those whose deletion was begun, to be ended after a restart."""
        ...

    def delete(self, name: str) -> None:
        """End the deletion of a retired collection."""
        ...

    def commit(self, name: str, changeset: Changeset) -> int:
        """All of it or nothing; returns the number of the newest change.

        Raises SpaceMismatchError, MissingVectorError, NonFiniteVectorError.
        """
        ...

    def changes_since(self, name: str, cursor: int, limit: int) -> list[Change]:
        """Changes after a number, in order; of an item changed twice the last one only."""
        ...

    def items(self, name: str, ids: Sequence[str]) -> dict[str, Item]: ...

    def page(self, name: str, *, after: str = "", limit: int = 1000, source: str | None = None) -> list[Item]:
        """The items whose ids follow `after`, by code point; source: of one source only."""
        ...

    def marks(self, name: str, source: str) -> Iterator[tuple[str, Mark]]:
        """Each item of a source by id, in no order; to be read through at once."""
        ...

    def walk(self, name: str) -> Iterator[tuple[Item, Float32]]:
        """Every item with its vector, by id; memory does not grow."""
        ...

    def vectors(self, fingerprint: str, contents: Sequence[str]) -> dict[str, Float32]:
        """The vectors there are in a space, by the contents' sha256 in hex. Raises SpaceMismatchError."""
        ...

    def vectors_of(self, name: str, ids: Sequence[str]) -> dict[str, Float32]: ...

    def sample(self, name: str, limit: int) -> Float32:
        """Vectors (N, dim) of at most `limit` items, drawn without favour and each time the same."""
        ...

    def copies(self, name: str) -> list[Item]:
        """The items whose content another item of the collection also has, by content, then by id."""
        ...

    def prepare_space(self, space: Space) -> None:
        """Make room for vectors of a space that no collection is bound to yet."""
        ...

    def without_vector(self, name: str, fingerprint: str, *, after: str = "") -> list[Item]:
        """A page of the items that have no vector in a space."""
        ...

    def switch(self, name: str, fingerprint: str) -> Collection:
        """Bind the collection to another space in one step. Raises MissingVectorError, SpaceMismatchError."""
        ...

    def uploads(self, name: str) -> Iterator[Item]:
        """Every item that came with a request, by id; also of a collection whose deletion was begun."""
        ...

    def uploaded(self, contents: Sequence[str]) -> set[str]:
        """Those of the contents that an item of any collection has that came with a request."""
        ...

    def loose(self) -> list[str]:
        """Contents that an item which came with a request had, until a transaction took it or them away."""
        ...

    def let_go(self, contents: Sequence[str]) -> None:
        """These are loose no more: whoever keeps their bytes has taken note."""
        ...

    def sweep(self) -> int:
        """Remove vectors whose content no item has any more; returns how many."""
        ...

    def note_source(self, name: str, note: SourceNote) -> None:
        """Remember where items came from; a source noted again is replaced."""
        ...

    def sources(self, name: str) -> list[SourceNote]: ...

    def source_counts(self, name: str) -> dict[str, int]:
        """How many items each source has, by its name; the empty one is of those that came with requests."""
        ...

    def shared(self, name: str, source: str) -> dict[str, int]:
        """How many of a source's items another has too, with the same bytes, by the other's name."""
        ...

    def remove_source(self, name: str, source: str) -> int:
        """Forget a source and remove its items, all or none; returns how many. Raises UnknownSourceError."""
        ...

    def note_view(self, name: str, note: ViewNote) -> None: ...

    def views(self, name: str) -> list[ViewNote]: ...

    def roll(self, name: str, after: int = 0) -> Roll:
        """All items that were changed after a number, as numbers: a million in seconds."""
        ...

    def vectors_since(self, name: str, cursor: int, limit: int) -> tuple[Roll, Float32]:
        """Of the items changed after a number, in order, at most `limit`: the roll, and (N, dim)."""
        ...

    def items_at(self, name: str, seqs: Sequence[int]) -> dict[int, Item]:
        """Those of the items that are there, by the numbers of their last changes."""
        ...

    def seqs_of(self, name: str, ids: Sequence[str]) -> dict[str, int]:
        """Of those of the items that are there, the numbers of their last changes."""
        ...

    def items_with(self, name: str, contents: Sequence[str]) -> dict[str, Item]:
        """Of each content that items have, the first of them by id."""
        ...

    def documents(self, name: str, cursor: int, limit: int, *, every: int = 1) -> list[Document]:
        """The metadata of items changed after a number, in order, at most `limit`: a million in seconds.

        every: only of those whose number is divisible by it.
        """
        ...


class Ledger(Protocol):
    """Jobs and their shards. Where a job is named, UnknownJobError may be raised."""

    def create(self, kind: str, collection: str, request: Metadata, *, is_sole: bool = False) -> Job:
        """A job in state planning, safe from any crash when this returns. Raises UnknownCollectionError.

        is_sole: a collection has one of the kind at a time: its unfinished one, if there is one.
        """
        ...

    def job(self, job_id: int) -> Job: ...

    def jobs(self, collection: str | None = None, *, limit: int | None = None, offset: int = 0) -> list[Job]:
        """The newest first; those after the first `offset`, all or `limit` of them."""
        ...

    def unfinished(self) -> list[Job]:
        """What a restart goes on with, the oldest first."""
        ...

    def plan(
        self,
        job_id: int,
        tasks: Iterable[Task],
        *,
        scan: Callable[[], Metadata] = dict,
        shard_tasks: int = 2000,
    ) -> Job:
        """Freeze the tasks into shards and let the job run; `scan` tells of them once all are there.

        Raises JobStateError.
        """
        ...

    def claim(self, owner: str, *, kinds: Sequence[str] | None = None, lasts_s: float = 60.0) -> Lease | None:
        """Lease a shard of the oldest running job, of any kind unless told; None when none is free."""
        ...

    def heartbeat(self, lease: Lease) -> JobState:
        """Hold the lease longer; a state other than running wants no more work. Raises LeaseLostError."""
        ...

    def settle(self, lease: Lease, outcome: Outcome) -> Lease | None:
        """Keep what came of a lease's first tasks, all at once; returns the lease of the rest, None if none.

        Raises LeaseLostError, SpaceMismatchError, MissingVectorError, NonFiniteVectorError.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give back what is left of a shard."""
        ...

    def release_all(self, owner: str | None = None) -> int:
        """Give every shard back that an owner held, whoever it is unless named: for when it starts again."""
        ...

    def pause(self, job_id: int, *, reason: str = "by_request", message: str | None = None) -> Job:
        """Raises JobStateError."""
        ...

    def resume(self, job_id: int) -> Job:
        """Raises JobStateError."""
        ...

    def cancel(self, job_id: int) -> Job:
        """Raises JobStateError."""
        ...

    def fail(self, job_id: int, *, reason: str, message: str) -> Job:
        """Raises JobStateError."""
        ...

    def retry(self, job_id: int) -> int:
        """Queue all tasks that failed to be tried again; returns how many. Raises JobStateError."""
        ...

    def conclude(self, job_id: int, *, reason: str, message: str, settles: bool = False) -> None:
        """Note what a done job's end brought, by code and in words, until it runs again.

        settles: what failed is done with too, and forgotten. Raises JobStateError: the job is not done.
        """
        ...

    def has_room(self) -> bool:
        """Whether the disk, if it was full, has room again: then jobs that were paused for it can go on.

        After a StorageFullError there is room for a pause, and little else.
        """
        ...

    def failures(self, job_id: int, *, after: str = "", limit: int = 1000) -> list[Failure]: ...

    def events(self, job_id: int, *, after: int = 0, limit: int = 1000) -> list[Event]: ...

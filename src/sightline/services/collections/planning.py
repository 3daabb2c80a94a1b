"""What an ingestion has to do: a source compared with the record. Reads no picture, and knows no model.

An entry whose size and time of change are those of its item is not read again. What a source no longer has
is removed, unless the scan saw only a part of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from sightline.domain.catalogue import Record
from sightline.domain.collections import Item, Mark, SourceNote
from sightline.domain.entries import UNOPENED, Entry, item_id
from sightline.domain.errors import SourceError
from sightline.domain.items import Json, Metadata
from sightline.domain.ledger import Job, Task
from sightline.domain.ports import Look, Source
from sightline.services.collections.tally import Tally

OpenSource = Callable[[SourceNote], Source]  # raises SourceError

REMOVED: Metadata = {"removed": True}
ENTRIES = 1000  # compared with the record at once


@dataclass(frozen=True)
class Order:
    """What is to be taken into a collection, as a job keeps it."""

    source: SourceNote
    removes_missing: bool = True

    def request(self) -> dict[str, Json]:
        return {"source": dict(asdict(self.source)), "removes_missing": self.removes_missing}

    @classmethod
    def of(cls, request: Mapping[str, Json]) -> "Order":
        source = request["source"]
        if not isinstance(source, Mapping):
            raise TypeError(f"a job's source is {type(source).__name__}")
        options = source["options"]
        note = SourceNote(
            str(source["name"]), str(source["address"]), options if isinstance(options, Mapping) else {}
        )
        return cls(note, removes_missing=bool(request["removes_missing"]))


class Plan:
    """The tasks for one collection to hold what a source has; each is one item's.

    removes_missing: whether items of this source that it has no more are removed.
    """

    def __init__(
        self, record: Record, collection: str, note: SourceNote, *, removes_missing: bool = True
    ) -> None:
        self._record = record
        self._collection = collection
        self._name = note.name
        self._removes_missing = removes_missing
        self._tally = Tally()

    def tasks(self, source: Source, look: Look) -> Iterator[Task]:
        """Lazily, in the order of the scan; removals last. Raises SourceError, and what a look raises."""
        # 200 bytes for an item; looking each up by its id took four times as long as all the rest
        left = {item: hash(mark) for item, mark in self._record.marks(self._collection, self._name)}
        self._tally.may_move = bool(left)
        met: set[str] = set()
        entries = source.scan(look)
        while part := list(islice(entries, ENTRIES)):
            yield from self._compared(part, left, met)
        self._tally.found(len(met))
        # an empty folder may be a disk that is not mounted, and what could not be opened may be there
        if self._removes_missing and met and UNOPENED not in source.left_out:
            yield from self._removals(list(left), look)
        else:
            self._tally.kept(len(left))

    def scan(self, source: Source) -> dict[str, Json]:
        """What a job keeps of it: the counts, and what the source left out and remarked."""
        return {
            **self._tally.facts(),
            "left_out": dict(source.left_out),
            "remarks": list(source.remarks),
        }

    def _compared(self, entries: Sequence[Entry], left: dict[str, int], met: set[str]) -> Iterator[Task]:
        """What is new or other than it was; those of it that have an item leave `left`."""
        other: dict[str, Entry] = {}
        for entry in entries:
            name = item_id(entry.key, self._name)
            if name in met:
                continue
            met.add(name)
            known = left.pop(name, None)
            mark = Mark.of(entry.uri, entry.size_bytes or 0, entry.mtime_ns, entry.metadata)
            if known is not None and known == hash(mark):
                self._tally.unchanged()
            else:
                other[name] = entry
        items = self._record.items(self._collection, list(other))
        for name, entry in other.items():
            yield from self._tasks_of(name, entry, items.get(name))

    def _tasks_of(self, name: str, entry: Entry, item: Item | None) -> Iterator[Task]:
        """What is to be done about one picture, if anything is."""
        if item is None:
            self._tally.added(entry)
            yield Task(name, payload_of(entry))
        elif not _is_same_file(item, entry):
            self._tally.changed()
            yield Task(name, payload_of(entry))
        elif item.uri == entry.uri and item.metadata == entry.metadata:
            self._tally.unchanged()
        else:
            count = self._tally.changed if item.uri == entry.uri else self._tally.moved
            count()
            yield Task(name, {**payload_of(entry), "sha256": item.sha256})

    def _removals(self, left: Sequence[str], look: Look) -> Iterator[Task]:
        for start in range(0, len(left), ENTRIES):
            look()
            part = left[start : start + ENTRIES]
            self._tally.removed(self._record.items(self._collection, part).values())
            yield from (Task(item, REMOVED) for item in part)


def require_picture(address: str, source: Source) -> None:
    """Raises SourceError: there is none in it, or it cannot be scanned."""
    if next(source.scan(), None) is not None:
        return
    left_out = ", ".join(f"{count} {what}" for what, count in source.left_out.items())
    raise SourceError(
        f"there is no picture in {address[:200]!r}; left out: {left_out or 'nothing'}. Pictures are files "
        "named .jpg, .png, .webp and alike, or what include, exclude and hidden choose; no link is followed"
    )


def tasks_without_vector(record: Record, collection: str, fingerprint: str, look: Look) -> Iterator[Task]:
    """The items that have no vector in a space. Raises what a look raises."""
    after = ""
    while page := record.without_vector(collection, fingerprint, after=after):
        look()
        for item in page:
            entry = Entry(item.key, item.uri, item.size_bytes, item.mtime_ns)
            yield Task(item.id, {**payload_of(entry), "source": item.source, "sha256": item.sha256})
        after = page[-1].id


def to_plan(unfinished: Sequence[Job]) -> Job | None:
    """The oldest whose source no older job takes in just now: what that one does need not be done twice."""
    busy: set[tuple[str, str | None]] = set()
    for job in unfinished:
        key = job.collection, source_name(job)
        if job.state == "planning" and key not in busy:
            return job
        if job.state != "paused":
            busy.add(key)
    return None


def source_name(job: Job) -> str | None:
    """Of the source that a job takes in; None if it takes in none."""
    source = job.request.get("source")
    return str(source.get("name")) if isinstance(source, Mapping) else None


def payload_of(entry: Entry) -> dict[str, Json]:
    """An entry as a task keeps it."""
    return {
        "key": entry.key,
        "uri": entry.uri,
        "size_bytes": entry.size_bytes,
        "mtime_ns": entry.mtime_ns,
        "metadata": dict(entry.metadata),
    }


def entry_of(payload: Metadata) -> Entry:
    """The entry that a task was made from."""
    size_bytes, mtime_ns, metadata = (payload.get(name) for name in ("size_bytes", "mtime_ns", "metadata"))
    return Entry(
        key=str(payload["key"]),
        uri=str(payload["uri"]),
        size_bytes=size_bytes if isinstance(size_bytes, int) else None,
        mtime_ns=mtime_ns if isinstance(mtime_ns, int) else None,
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def _is_same_file(item: Item, entry: Entry) -> bool:
    """Where a source tells no size and time, as of a URL, the address has to do."""
    if entry.size_bytes is None or entry.mtime_ns is None:
        return item.uri == entry.uri
    return item.size_bytes == entry.size_bytes and item.mtime_ns == entry.mtime_ns

"""What a floor needs from another, as Protocols. Does not know who implements them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.entries import Entry
from sightline.domain.filters import Filter
from sightline.domain.items import Change, IndexState, Scored
from sightline.domain.maps import Drawn, MapOrder
from sightline.domain.records import Graph, Precision


class Program(Protocol):
    """A compiled graph. Calls from several threads are safe; each blocks until its batch is done."""

    def run(self, batch: UInt8 | Int64 | Float32) -> Float32:
        """Run one batch (N, ...) and return (N, dim) float32.

        Raises ForwardError: the runtime failed, nothing of the batch is usable; OutOfMemoryError: it did not
        fit, fewer rows may.
        """
        ...


class Engine(Protocol):
    """A runtime that compiles graphs for one device at one precision.

    is_real: vectors follow from the weights, so that a wrong one means that something is wrong.
    """

    name: str
    device: str
    precision: Precision
    is_real: bool

    def compile(self, graph: Graph) -> Program:
        """Raises EngineError: the runtime refused the graph."""
        ...


class Tokenizer(Protocol):
    """Text to ids, as one model was trained."""

    def encode(self, texts: list[str]) -> Int64:
        """(N,) texts -> (N, L) int64; L is at most the model's context length."""
        ...


class Graphs(Protocol):
    """The graphs that can be written over one checkpoint."""

    def of_images(self) -> Graph:
        """uint8 (N, size, size, 3) -> (N, dim)."""
        ...

    def of_pixels(self, side_px: int | None = None) -> Graph:
        """float32 (N, 3, side, side), already normalised -> (N, dim); the card's size unless given."""
        ...

    def of_texts(self) -> Graph:
        """int64 (N, L) -> (N, dim). Raises NoTextTowerError."""
        ...


class View(Protocol):
    """One collection as a store holds it: the record up to `cursor`. Safe to use from several threads.

    Every call may raise StoreUnavailableError: nothing is lost, try again; or StoreBrokenError: the view is
    gone, open it again and replay.
    """

    @property
    def cursor(self) -> int:
        """The seq up to which it holds the record; 0 at first. Kept in the store, together with the rows."""
        ...

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        """Take the changes, in the order of their seq, and move the cursor: all of it or nothing.

        A store that has no transactions writes the rows first and the cursor after. Changes up to the present
        cursor are already held and have no effect, so that a replay is harmless.
        """
        ...

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        """The items nearest to a unit vector (dim,), best first, ties by item id (code point order).

        Of all that pass `where`, those from `offset` on, at most k, and k whenever there are as many.
        exact: compare every vector, even where there is an index.
        """
        ...

    def count(self, where: Filter | None = None) -> int:
        """How many items it holds; with `where`, how many of them pass."""
        ...

    def passing(self, where: Filter) -> Int64:
        """The seqs, ascending, of the items that pass."""
        ...

    def optimise(self) -> IndexState:
        """Build or refresh the index, if there are enough items for one, and measure it. May take minutes;
        searches and changes go on meanwhile.
        """
        ...

    def state(self) -> IndexState:
        """How neighbours are found just now."""
        ...


@runtime_checkable
class Plotted(Protocol):
    """A view that has columns for the places of its items on a map: NULL where an item has none."""

    def plotted(self) -> tuple[str, int] | None:
        """The mark of the map whose places it has, and up to which change; None while it has none."""
        ...

    def plot(self, seqs: Int64, places: Float32, *, mark: str, until: int) -> None:
        """Take the places (N, 2) of the rows with these seqs, and keep how far that is, together."""
        ...

    def forget_plot(self) -> None:
        """No item has a place any more."""
        ...


class Store(Protocol):
    """A product that finds nearest vectors. The record can fill it again at any time."""

    name: str

    def open(self, collection: str, dim: int) -> View:
        """The view of a collection, made empty if there is none.

        Raises CollectionExistsError: there is one with another dim; StoreUnavailableError.
        """
        ...

    def drop(self, collection: str) -> None:
        """Forget a collection; of one that is not there, nothing."""
        ...

    def collections(self) -> list[str]:
        """The names it holds, sorted."""
        ...

    def close(self) -> None:
        """Give files and connections back; the views are of no use afterwards."""


Look = Callable[[], None]


def unwatched() -> None:
    """The look of a scan that nobody would break off."""


class Source(Protocol):
    """Where pictures come from. Reading is safe from several threads; a scan has one."""

    name: str
    left_out: Mapping[str, int]  # what the last scan passed over, and how often: {"links": 3, "pipes": 1}
    remarks: Sequence[str]  # what the last scan met that people should know, a sentence each

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        """Every picture, lazily, in an order that the next scan repeats. Never waits on a pipe or a device.

        look: called for each file or row on the way, picture or not; what it raises ends the scan.
        Raises SourceError: nothing of it can be read, or a limit on the whole of it is passed.
        """
        ...

    def read(self, entry: Entry) -> bytes:
        """The picture's bytes, as they were at the scan; its key and uri are enough, after a restart too.

        Raises InputError, about this entry alone: gone, changed, too large, no regular file, or a URL
        that gives nothing.
        """
        ...

    def fresh(self, entry: Entry) -> Entry:
        """The entry as it is now, where a look at its own file tells; else as it is given."""
        ...

    def close(self) -> None:
        """Give up files and connections."""
        ...


class Uploads(Protocol):
    """The bytes of what came with requests, each content once, by its sha256 in hex.

    A content is open while a transaction decides whether it stays: what a crash leaves open is found again.
    Those that write may raise StorageFullError, RecordUnavailableError. Safe to use from several threads.
    """

    def bring(self, contents: Mapping[str, bytes]) -> None:
        """Open contents, safe from any crash when this returns. Where it raises, some may be open."""
        ...

    def reopen(self, contents: Iterable[str]) -> None:
        """Contents may go: after a crash too. Of one that is not there, nothing."""
        ...

    def settle(self, sha256: str, *, stays: bool) -> None:
        """Close a content: it stays, or is gone."""
        ...

    def undecided(self) -> list[str]:
        """The contents that are open."""
        ...

    def contents(self) -> Iterator[str]:
        """All there are but the open ones."""
        ...

    def has(self, sha256: str) -> bool: ...

    def read(self, sha256: str) -> bytes:
        """Raises EntryGoneError: it is not there; EntryChangedError: it is not what it was."""
        ...


Telling = Callable[[str, float], None]  # a stage by name, and the share of all that is done, 0 to 1


class Cartographer(Protocol):
    """Draws maps of vectors. Safe to use from several threads: one drawing is at work, others wait for it."""

    def draw(self, folder: Path, order: MapOrder, tell: Telling) -> Drawn:
        """A map of vectors.npy in the folder, (N, dim) float32 of unit length.

        Leaves there places.npy, (N, 2) float32; clusters.npy, (N,) uint8; landmarks.npy, (N,) bool;
        neighbours.npy, (N, k) int32, and scores.npy, (N, k) float32: of each row the k others that are most
        like it, best first; where there are fewer, -1 and -inf. Outliers are told by their row's number.
        tell: called twice a second and more often; what it raises ends the drawing, and goes through.
        Raises MapFailedError.
        """
        ...

    def place(self, vectors: Float32, landmarks: Float32, places: Float32) -> Float32:
        """(M, dim), (L, dim), (L, 2) -> (M, 2): each at the mean of its nearest landmarks, by their cosines.

        A place depends on its own vector and the landmarks alone, whatever else is asked for with it.
        """
        ...


class Fetcher(Protocol):
    """The one way by which a URL is ever read. Safe to use from several threads."""

    def read(self, url: str, *, within_s: float | None = None) -> bytes:
        """The bytes behind an http(s) URL. within_s: for how long the caller waits, a turn included.

        Raises UrlError: it gave no picture; ImageBytesError: it has too many bytes; OverloadedError: no turn
        came within_s.
        """
        ...

    def refuse_port(self, port: int) -> None:
        """Never read from this port of this machine again: the server itself listens there."""

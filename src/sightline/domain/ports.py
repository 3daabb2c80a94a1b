"""What a floor needs from another, as Protocols. Does not know who implements them."""

from typing import Protocol

from sightline.domain.arrays import Float32, Int64, UInt8
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

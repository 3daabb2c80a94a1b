"""Tables as they leave Sightline, and what a format must offer. Does not know any format, or what is told.

A table is columns, and batches of rows; a batch has the values of each column by its name.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from sightline.domain.arrays import Float32

Kind = Literal["text", "integer", "json", "vector"]
Batch = Mapping[str, Sequence[Any] | Float32]  # each of as many values; of a vector (N, dim)


@dataclass(frozen=True)
class Column:
    """kind: `text` is UTF-8, `json` an object. dim: of a vector."""

    name: str
    kind: Kind
    dim: int = 0


class Writer(Protocol):
    """Takes rows batch by batch."""

    def add(self, batch: Batch) -> None: ...


class Encoder(Protocol):
    """A table as text, piece by piece."""

    def head(self) -> bytes: ...

    def rows(self, batch: Batch) -> bytes: ...


class Format(Protocol):
    """A kind of file. ending: of its names, with the dot. media_type: in HTTP."""

    @property
    def ending(self) -> str: ...

    @property
    def media_type(self) -> str: ...

    def file(self, target: Path, columns: Sequence[Column]) -> AbstractContextManager[Writer]:
        """A writer of the file, which takes its place, whole, when the block ends well, and else never.

        Raises OSError: the place cannot be written to, or is full.
        """
        ...

    def encoder(self, columns: Sequence[Column]) -> Encoder | None:
        """None if the file has to be whole before its first byte is known."""
        ...

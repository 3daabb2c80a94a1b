"""What the formats have in common: their names, and files that appear whole or not at all. Knows no format.

A file is written into a hidden folder beside its place, and moved at the end.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from sightline.disk import sync
from sightline.domain.exports import Batch, Column, Encoder


class FileWriter(Protocol):
    """Takes rows batch by batch. `finish` completes what is written; `close` ends it, complete or not."""

    def add(self, batch: Batch) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class FileFormat:
    """One format; see Format in domain/exports. write: makes the writer of a file at a path."""

    ending: str
    media_type: str
    write: Callable[[Path, Sequence[Column]], FileWriter]
    encode: Callable[[Sequence[Column]], Encoder] | None = None

    @contextmanager
    def file(self, target: Path, columns: Sequence[Column]) -> Iterator[FileWriter]:
        """A writer of the file, and of those that belong to it; they take their places at the end."""
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
            folder = Path(name)
            writer = self.write(folder / target.name, columns)
            try:
                yield writer
                writer.finish()
            finally:
                writer.close()
            # the target last: who sees it sees what belongs to it too
            for file in sorted(folder.iterdir(), key=lambda file: file.name == target.name):
                sync(file)
                file.replace(target.parent / file.name)

    def encoder(self, columns: Sequence[Column]) -> Encoder | None:
        return None if self.encode is None else self.encode(columns)

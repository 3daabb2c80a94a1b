"""Where the vectors of `sightline embed` go: a file, or stdout. Does not know how a format is written."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.domain.arrays import Float32
from sightline.domain.exports import Batch, Column
from sightline.registry import export_format

STDOUT = "-"
FORMATS = {".npy": "npy", ".parquet": "parquet", ".jsonl": "jsonl"}


@dataclass(frozen=True)
class Writer:
    """Takes vectors group by group."""

    take: Callable[[Batch], object]

    def add(self, ids: Sequence[str], vectors: Float32) -> None:
        """vectors: (N, dim), one for each id."""
        self.take({"id": ids, "vector": vectors})


def refusal(target: str) -> str | None:
    """Why nothing can be written there, known before a model is loaded; None if it can."""
    path = Path(target)
    if target == STDOUT:
        return None
    if path.suffix.lower() not in FORMATS:
        return f"{target!r} does not end in {', '.join(FORMATS)}; the ending chooses the format, - is stdout"
    if path.is_dir():
        return f"{target!r} is a folder; give a file"
    if not path.parent.is_dir():
        return f"the folder {str(path.parent)!r} does not exist; make it first"
    return None


@contextmanager
def open_output(target: str, dim: int) -> Iterator[Writer]:
    """A writer for the target's format; the files take their places when the block ends well.

    Raises OSError: the place cannot be written to.
    """
    columns = [Column("id", "text"), Column("vector", "vector", dim)]
    if target == STDOUT:
        yield Writer(_on_stdout(columns))
        return
    path = Path(target)
    with export_format(FORMATS[path.suffix.lower()]).file(path, columns) as file:
        yield Writer(file.add)


def _on_stdout(columns: Sequence[Column]) -> Callable[[Batch], None]:
    """Writes lines, each there as soon as it is known."""
    encoder = export_format("jsonl").encoder(columns)

    def write(batch: Batch) -> None:
        sys.stdout.buffer.write(encoder.rows(batch))
        sys.stdout.buffer.flush()

    return write

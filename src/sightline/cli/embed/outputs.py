"""Files of vectors: .npy, .parquet and .jsonl. Does not know models or where vectors come from.

A file appears whole or not at all: it is written into a hidden folder beside its place, and moved at the end.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Protocol

import duckdb
import numpy as np
import orjson
from numpy.typing import NDArray

from sightline.domain.arrays import Float32

STDOUT = "-"


class Writer(Protocol):
    """Takes vectors group by group. `finish` completes what is written; `close` ends it, complete or not."""

    def add(self, ids: Sequence[str], vectors: Float32) -> None:
        """vectors: (N, dim), one for each id."""
        ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class NpyWriter:
    """`x.npy`, float32 (N, dim), and `x.ids.jsonl` with the id of each row."""

    def __init__(self, folder: Path, target: Path, dim: int) -> None:
        self._dim = dim
        self._rows = 0
        self._vectors = (folder / target.name).open("wb")
        self._ids = (folder / ids_file(target).name).open("wb")
        self._write_header()

    def add(self, ids: Sequence[str], vectors: Float32) -> None:
        self._vectors.write(vectors.astype("<f4", copy=False).tobytes())
        for row, name in enumerate(ids, self._rows):
            self._ids.write(orjson.dumps({"row": row, "id": name}, option=orjson.OPT_APPEND_NEWLINE))
        self._rows += len(ids)

    def finish(self) -> None:
        self._vectors.seek(0)
        self._write_header()  # again, with the number of rows; numpy pads it, so that its length stays

    def close(self) -> None:
        self._vectors.close()
        self._ids.close()

    def _write_header(self) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (self._rows, self._dim)}
        np.lib.format.write_array_header_1_0(self._vectors, header)


class JsonLinesWriter:
    """One {"id", "vector"} per line; floats in the fewest digits that read back as the same float32."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, ids: Sequence[str], vectors: Float32) -> None:
        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
        for name, vector in zip(ids, vectors, strict=True):
            self._file.write(orjson.dumps({"id": name, "vector": vector}, option=options))
        self._file.flush()

    def finish(self) -> None:
        """Every line is complete."""

    def close(self) -> None:
        self._file.close()


class ParquetWriter:
    """Columns id VARCHAR and vector FLOAT[]; rows wait in a DuckDB file: Parquet is written in one go."""

    def __init__(self, folder: Path, target: Path, dim: int) -> None:
        self._target = folder / target.name
        self._waiting = folder / "waiting.duckdb"
        self._dim = dim
        self._connection = duckdb.connect(self._waiting, config={"memory_limit": "512MB"})
        self._connection.execute(f"CREATE TABLE rows (id VARCHAR, vector FLOAT[{dim}])")

    def add(self, ids: Sequence[str], vectors: Float32) -> None:
        self._connection.register("added", {"id": _objects(ids), "vector": _objects(vectors)})
        self._connection.execute(f"INSERT INTO rows SELECT id, vector::FLOAT[{self._dim}] FROM added")  # noqa: S608

    def finish(self) -> None:
        self._connection.execute(
            "COPY rows TO $target (FORMAT parquet, ROW_GROUP_SIZE 8192)", {"target": str(self._target)}
        )
        self._connection.close()
        self._waiting.unlink()

    def close(self) -> None:
        self._connection.close()


def _json_lines(folder: Path, target: Path, _: int) -> Writer:
    return JsonLinesWriter((folder / target.name).open("wb"))


FORMATS: dict[str, Callable[[Path, Path, int], Writer]] = {
    ".npy": NpyWriter,
    ".parquet": ParquetWriter,
    ".jsonl": _json_lines,
}


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
    if target == STDOUT:
        yield JsonLinesWriter(sys.stdout.buffer)
        return
    path = Path(target)
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
        folder = Path(name)
        writer = FORMATS[path.suffix.lower()](folder, path, dim)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
        # the vectors last: who sees them sees their ids too
        for file in sorted(folder.iterdir(), key=lambda file: file.name == path.name):
            _sync(file)
            file.replace(path.parent / file.name)


def ids_file(target: Path) -> Path:
    """Where the ids of an .npy file's rows stand."""
    return target.with_suffix(".ids.jsonl")


def _objects(values: Sequence[Any] | Float32) -> NDArray[np.object_]:
    """(N,) objects, whatever they are: numpy would make (N, dim) of vectors, which DuckDB does not read."""
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    return column


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""NumPy's files: .npy and .npz. Do not know whose the rows are."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.exports import Batch, Column
from sightline.exports.formats import FileFormat
from sightline.exports.text import JsonLines

COPIED_AT_ONCE = 1 << 20


class NpyFile:
    """`x.npy`, float32 (N, dim), and `x.ids.jsonl` with what else there is of each row."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._vector = next(column for column in columns if column.kind == "vector")
        others = [column for column in columns if column is not self._vector]
        self._encoder = JsonLines([Column("row", "integer"), *others])
        self._rows = 0
        self._vectors = path.open("wb")
        self._ids = ids_file(path).open("wb")
        self._vectors.write(self._header())

    def add(self, batch: Batch) -> None:
        vectors = np.asarray(batch[self._vector.name], dtype="<f4")
        self._vectors.write(vectors.tobytes())
        rows = range(self._rows, self._rows + len(vectors))
        self._ids.write(self._encoder.rows({**batch, "row": rows}))
        self._rows += len(vectors)

    def finish(self) -> None:
        self._vectors.seek(0)
        self._vectors.write(
            self._header()
        )  # with the number of rows; numpy pads it, so that its length stays

    def close(self) -> None:
        self._vectors.close()
        self._ids.close()

    def _header(self) -> bytes:
        return _header("<f4", (self._rows, self._vector.dim))


class NpzFile:
    """One array a column: float32 (N, dim) for vectors, int64 (N,); nothing in it is pickled or padded.

    Texts and objects are lines of JSON, the member `uri.jsonl` for a column uri: np.load gives its bytes, and
    any program that opens a zip a file. NumPy's own texts are all as long as the longest: one long name would
    make gigabytes of a million short ones. A zip is written member by member, so the columns wait in files.
    """

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path = path
        self._columns = [_Waiting(column, path.parent) for column in columns]

    def add(self, batch: Batch) -> None:
        for column in self._columns:
            column.add(batch[column.name])

    def finish(self) -> None:
        with zipfile.ZipFile(self._path, "w") as archive:
            for column in self._columns:
                with archive.open(column.member, "w", force_zip64=True) as member:
                    for piece in column.content():
                        member.write(piece)
                column.remove()

    def close(self) -> None:
        for column in self._columns:
            column.close()


class _Waiting:
    """The values of one column in a file, until their number is known."""

    def __init__(self, column: Column, folder: Path) -> None:
        self.name = column.name
        self._column = column
        self._path = folder / f"{column.name}.waiting"
        self._file: BinaryIO = self._path.open("w+b")
        self._rows = 0

    @property
    def member(self) -> str:
        return f"{self.name}.{'jsonl' if self._column.kind in ('json', 'text') else 'npy'}"

    def add(self, values: Sequence[Any] | Float32) -> None:
        self._rows += len(values)
        match self._column.kind:
            case "vector":
                self._file.write(np.asarray(values, dtype="<f4").tobytes())
            case "integer":
                self._file.write(np.asarray(values, dtype="<i8").tobytes())
            case "json" | "text":
                self._file.writelines(
                    f"{json.dumps(value, ensure_ascii=False)}\n".encode() for value in values
                )

    def content(self) -> Iterator[bytes]:
        """The member's bytes, piece by piece."""
        self._file.seek(0)
        match self._column.kind:
            case "vector":
                yield _header("<f4", (self._rows, self._column.dim))
            case "integer":
                yield _header("<i8", (self._rows,))
        while piece := self._file.read(COPIED_AT_ONCE):
            yield piece

    def remove(self) -> None:
        self.close()
        self._path.unlink()

    def close(self) -> None:
        self._file.close()


NPY = FileFormat(".npy", "application/octet-stream", NpyFile)
NPZ = FileFormat(".npz", "application/zip", NpzFile)


def ids_file(target: Path) -> Path:
    """Where the ids of an .npy file's rows stand."""
    return target.with_suffix(".ids.jsonl")


def _header(dtype: str, shape: tuple[int, ...]) -> bytes:
    written = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(written, header)
    return written.getvalue()

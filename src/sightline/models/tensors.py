"""Safetensors files: which tensor lies where. Does not know what a tensor is for; reads none until asked.

The header is parsed here, not by the safetensors library: graphs point into the file and need offsets.
Format: https://github.com/huggingface/safetensors#format
"""

import json
import math
from pathlib import Path
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import BrokenFileError, MissingFileError
from sightline.domain.records import TensorSlice

MAX_HEADER_BYTES = 100_000_000  # the limit of the format's own reader
MAX_INDEX_BYTES = 100_000_000
LFS_POINTER = b"version "  # how the text begins that git leaves in the place of a large file
LENGTH_BYTES = 8  # the header's length, unsigned, little-endian

ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip

NUMPY_TYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "F16": "<f2",
    "U32": "<u4", "I32": "<i4", "F32": "<f4", "U64": "<u8", "I64": "<i8", "F64": "<f8",
}  # fmt: skip


def read_tensors(path: Path) -> dict[str, TensorSlice]:
    """Every tensor of a .safetensors file, or of all shards that a .safetensors.index.json names.

    Only headers are read. Each slice's path is the real one: the runtimes refuse weights behind symlinks.

    Raises MissingFileError: a file is not there. BrokenFileError: a header or an index that cannot be right,
    or a file that is not as long as its header says.
    """
    if path.name.endswith(".index.json"):
        return _read_shards(path)
    return _read_file(path)


def load(tensor: TensorSlice) -> NDArray[np.generic]:
    """The values of one tensor, mapped from its file, read-only. BF16 comes as a float32 copy.

    Raises BrokenFileError: numpy has no such dtype. MissingFileError: the file went away.
    """
    stored = "<u2" if tensor.dtype == "BF16" else NUMPY_TYPES.get(tensor.dtype)
    if stored is None:
        raise BrokenFileError(
            f"{tensor.path.name}: tensors of dtype {tensor.dtype} cannot be read; "
            "use a checkpoint in F32, F16 or BF16"
        )
    if tensor.length == 0:
        return np.zeros(tensor.shape, dtype=stored)
    try:
        mapped = np.memmap(tensor.path, stored, "r", tensor.offset, tensor.shape or (1,))
    except (OSError, ValueError) as exc:
        raise MissingFileError(f"{tensor.path} can no longer be read: {type(exc).__name__}") from exc
    values: NDArray[np.generic] = mapped.reshape(tensor.shape)  # memmap refuses the shape of a scalar
    if tensor.dtype == "BF16":  # bfloat16 is the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values


def _read_shards(index: Path) -> dict[str, TensorSlice]:
    weight_map = _weight_map(index)
    shards = {name: _read_file(index.parent / name) for name in sorted(set(weight_map.values()))}
    absent = [tensor for tensor, shard in weight_map.items() if tensor not in shards[shard]]
    if absent:
        raise BrokenFileError(
            f"{index}: tensor {absent[0]!r} is not in {weight_map[absent[0]]} ({len(absent)} such); "
            "the shards are not of one checkpoint, fetch them again"
        )
    return {tensor: shards[shard][tensor] for tensor, shard in weight_map.items()}


def shard_names(index: Path) -> list[str]:
    """The file names that a .safetensors.index.json refers to, sorted.

    Raises MissingFileError, BrokenFileError.
    """
    return sorted(set(_weight_map(index).values()))


def _weight_map(index: Path) -> dict[str, str]:
    document = _json_object(_head(index, MAX_INDEX_BYTES), index)
    weight_map = document.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise BrokenFileError(f"{index}: no weight_map in this index; fetch the file again")
    for shard in weight_map.values():
        # A name from a file must not lead out of the checkpoint's folder.
        if not isinstance(shard, str) or Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise BrokenFileError(
                f"{index}: shard {shard!r} is not the name of a .safetensors file in the same folder"
            )
    return weight_map


def _head(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as exc:
        raise MissingFileError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}") from exc


def _read_file(path: Path) -> dict[str, TensorSlice]:
    # strict=False: a path that is not there fails below, with the name that was asked for.
    real = Path(path).resolve(strict=False)
    try:
        file_bytes = real.stat().st_size
        with real.open("rb") as file:
            header_bytes = _header_length(path, file.read(LENGTH_BYTES), file_bytes)
            header = _json_object(file.read(header_bytes), path)
    except OSError as exc:
        raise MissingFileError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}") from exc
    header.pop("__metadata__", None)
    data_start = LENGTH_BYTES + header_bytes
    tensors = {name: _slice(path, real, (name, entry), data_start) for name, entry in header.items()}
    _check_extent(path, tensors, data_start, file_bytes)
    return tensors


def _header_length(path: Path, prefix: bytes, file_bytes: int) -> int:
    if len(prefix) < LENGTH_BYTES:
        raise BrokenFileError(
            f"{path} has {file_bytes} bytes, fewer than the {LENGTH_BYTES} that every safetensors file "
            "begins with; fetch it again"
        )
    if prefix == LFS_POINTER:
        raise BrokenFileError(
            f"{path} is a Git LFS pointer of {file_bytes} bytes, no weights; run `git lfs pull` in its clone"
        )
    length = int.from_bytes(prefix, "little")
    if length > MAX_HEADER_BYTES:
        raise BrokenFileError(
            f"{path}: a header of {length} bytes (limit {MAX_HEADER_BYTES}); this is not a safetensors file"
        )
    if LENGTH_BYTES + length > file_bytes:
        raise BrokenFileError(
            f"{path} is cut off inside its header: at least {LENGTH_BYTES + length} bytes expected, "
            f"{file_bytes} there; fetch it again"
        )
    return length


def _json_object(text: bytes, path: Path) -> dict[str, object]:
    try:
        document = json.loads(text.decode("utf-8"), object_pairs_hook=_once_each)
    except BrokenFileError as exc:
        raise BrokenFileError(f"{path}: {exc}; fetch the file again") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as exc:
        raise BrokenFileError(f"{path}: its JSON cannot be read; fetch the file again") from exc
    except ValueError as exc:  # a number with more digits than Python converts
        raise BrokenFileError(f"{path}: its JSON holds an absurd number; fetch the file again") from exc
    if not isinstance(document, dict):
        raise BrokenFileError(f"{path}: its JSON is no object; fetch the file again")
    return document


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The format forbids names that stand twice: readers would differ in which of the two they take."""
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        raise BrokenFileError(f"in its JSON {max(names, key=names.count)!r} stands twice")
    return document


def _slice(path: Path, real: Path, item: tuple[str, object], data_start: int) -> TensorSlice:
    name, entry = item
    if not isinstance(entry, dict):
        raise BrokenFileError(f"{path}: tensor {name!r} has no description; fetch the file again")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise BrokenFileError(f"{path}: tensor {name!r} has unknown dtype {dtype!r}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise BrokenFileError(f"{path}: tensor {name!r} has shape {shape!r} and offsets {offsets!r}")
    begin, end = offsets
    expected = math.prod(shape) * ITEM_BYTES[dtype]
    if end - begin != expected:
        raise BrokenFileError(
            f"{path}: tensor {name!r}, {dtype} {shape}, needs {expected} bytes; offsets give {end - begin}"
        )
    return TensorSlice(real, data_start + begin, expected, dtype, tuple(shape))


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    # bool is an int in Python, not in this format
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def _check_extent(path: Path, tensors: dict[str, TensorSlice], data_start: int, file_bytes: int) -> None:
    """The tensors must cover the rest of the file exactly: no overlap, no gap, nothing cut off."""
    reached = data_start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].offset, item[1].length)):
        if tensor.offset != reached:
            fault = "overlaps the tensor before it" if tensor.offset < reached else "leaves a gap before it"
            raise BrokenFileError(f"{path}: tensor {name!r} {fault} at byte {reached}; fetch the file again")
        reached += tensor.length
    if reached != file_bytes:
        raise BrokenFileError(
            f"{path} should have {reached} bytes by its header and has {file_bytes}; fetch it again"
        )

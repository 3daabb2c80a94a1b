"""Contents in bulk: the sha256 of N of them as (N, 32) bytes. Does not know whose they are."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Int64, UInt8

BYTES = 32


def keys(contents: UInt8) -> NDArray[np.bytes_]:
    """(N, 32) -> (N,), values that compare as the contents do. For arrays only: one that ends in zero bytes
    loses them where it leaves its array.
    """
    return np.ascontiguousarray(contents).reshape(-1, BYTES).view(f"S{BYTES}")[:, 0]


def distinct(contents: UInt8) -> UInt8:
    """Each of them once, ascending."""
    return np.unique(keys(contents)).view(np.uint8).reshape(-1, BYTES)


def rows_in(ascending: UInt8, contents: UInt8) -> Int64:
    """The row of each content among those that ascend, each there once; -1 where it is none of them."""
    if not len(ascending):
        return np.full(len(contents), -1, dtype=np.int64)
    there, asked = keys(ascending), keys(contents)
    rows = np.minimum(np.searchsorted(there, asked), len(there) - 1).astype(np.int64)
    return np.where(there[rows] == asked, rows, -1)


def of_hex(names: list[str]) -> UInt8:
    """(N, 32) of N contents in hex."""
    return np.frombuffer(bytes.fromhex("".join(names)), dtype=np.uint8).reshape(-1, BYTES)


def as_hex(contents: UInt8) -> list[str]:
    text = np.ascontiguousarray(contents).tobytes().hex()
    return [text[start : start + 2 * BYTES] for start in range(0, len(text), 2 * BYTES)]

"""Vectors as bytes, and by how much a product of them can be wrong. Does not know where they are kept.

All vectors are turned by one rotation, which changes no product and evens their numbers out; then each number
is rounded to one of 255 steps. How far that moved a vector is known, its slack. So a product of bytes comes
with a bound on its error, and what the bound leaves undecided is compared in full: nothing near is missed.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numkong
import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64

STEPS = 127  # on each side of zero, as a byte has
SEED = 20_261_120
# What float32 sums of some thousand products, and the rotation, may be off by; both stay below 2e-6.
ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class Codes:
    """Rounded vectors, a row each. scales: what a step is worth. slacks: how far the rounding moved it."""

    steps: NDArray[np.int8]  # (N, dim)
    scales: Float32  # (N,)
    slacks: Float32  # (N,)

    def __len__(self) -> int:
        return len(self.scales)

    def __getitem__(self, rows: slice | Int64) -> "Codes":
        return Codes(self.steps[rows], self.scales[rows], self.slacks[rows])

    @classmethod
    def joined(cls, codes: Sequence["Codes"]) -> "Codes":
        """One after the other."""
        columns = zip(*((one.steps, one.scales, one.slacks) for one in codes), strict=True)
        return cls(*map(np.concatenate, columns))

    def bounds(self, query: "Codes") -> Float32:
        """How far the cosines may be from the true ones, (N,)."""
        of_query = query.slacks[0]
        return np.asarray(self.slacks + of_query * (1 + self.slacks) + ROUNDING, dtype=np.float32)

    def widest(self, query: "Codes") -> float:
        """The largest of the bounds."""
        return float(self._worst + query.slacks[0] * (1 + self._worst) + ROUNDING)

    @cached_property
    def _worst(self) -> float:
        return float(self.slacks.max())


def estimated(codes: Codes, queries: Codes, out: Float32 | None = None) -> Float32:
    """What the products of the rounded are, (Q, N), in `out` if it is given."""
    if len(queries) == 1:
        products = np.asarray(numkong.cdist(queries.steps, codes.steps, "dot", out_dtype="float32"))
    else:  # slower by a third for a single one: it computes several at once, wanted or not
        products = np.asarray(numkong.dots_packed(codes.steps, numkong.dots_pack(queries.steps))).T
    out = np.empty((len(queries), len(codes)), dtype=np.float32) if out is None else out
    np.multiply(products.reshape(out.shape), codes.scales, out=out, casting="unsafe")
    out *= queries.scales[:, np.newaxis]
    return out


class Coder:
    """Makes codes of vectors of one dim; those of two coders with the same print can be compared."""

    def __init__(self, dim: int) -> None:
        self._rotation = _rotation(dim)
        self.print = zlib.crc32(self._rotation.tobytes())

    def encode(self, vectors: Float32) -> Codes:
        """(N, dim) of unit length."""
        turned = self._turned(vectors)
        scales = np.abs(turned).max(axis=1) / STEPS
        turned /= scales[:, np.newaxis]
        steps = np.rint(turned)
        turned -= steps
        slacks = np.sqrt(np.einsum("nd,nd->n", turned, turned)) * scales
        return Codes(steps.astype(np.int8), scales.astype(np.float32), slacks.astype(np.float32))

    def _turned(self, vectors: Float32) -> Float32:
        """(N, dim). A single one, as a query is, without BLAS: its threads would spin on, and keep the cores
        from what follows, for longer than the comparing takes."""
        if len(vectors) == 1:
            return np.asarray(np.vecdot(self._rotation, vectors))[np.newaxis]
        return np.asarray(vectors @ self._rotation.T)


@cache
def _rotation(dim: int) -> Float32:
    """(dim, dim). It takes a tenth of a second, or several on a busy machine: not for each collection."""
    drawn = np.random.default_rng(SEED).standard_normal((dim, dim))
    return np.asarray(np.linalg.qr(drawn)[0], dtype=np.float32)

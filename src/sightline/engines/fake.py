"""An engine without weights: every input gets its own stable unit vector. Knows nothing of pictures or words.

It lets everything above the engines be tested and shown in milliseconds.
"""

import hashlib

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.records import Cuda, Graph, Precision
from sightline.domain.vectors import l2_normalise


class FakeProgram:
    """Maps each row of a batch to a unit vector drawn from a generator seeded with the row's bytes."""

    def __init__(self, dim: int) -> None:
        self._dim = dim

    def run(self, batch: UInt8 | Int64 | Float32) -> Float32:
        """(N, ...) of any dtype -> (N, dim) float32; equal rows give equal vectors."""
        return l2_normalise(np.stack([self._draw(row.tobytes()) for row in batch]))

    def _draw(self, row: bytes) -> Float32:
        seed = int.from_bytes(hashlib.sha256(row).digest()[:8], "little")
        return np.random.default_rng(seed).standard_normal(self._dim, dtype=np.float32)


class FakeEngine:
    """Implements domain.ports.Engine; vectors have the dim the graph declares."""

    name = "fake"
    device = "cpu"
    is_real = False
    precision: Precision = "f32"

    def __init__(
        self,
        *,
        precision: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        cuda: Cuda | None = None,
    ) -> None:
        """Takes what every engine takes, and needs none of it."""

    def compile(self, graph: Graph) -> FakeProgram:
        return FakeProgram(graph.dim)

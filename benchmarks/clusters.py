"""Vectors as models make them, drawn anew each time and always the same. Knows no store.

They lie around centres, and their numbers grow small as those of a real model's vectors do along its main
axes: with noise alike in all of 768 directions every vector would be as far from every other.
"""

from collections.abc import Iterator

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.vectors import l2_normalise

DIM = 768
CENTRES = 2_000
NOISE = 0.6  # of what the centres are drawn with; neighbours then have cosines of 0.75 to 0.85
AT_ONCE = 20_000
SEED = 4


def blocks(rows: int) -> Iterator[Float32]:
    """So many unit vectors, up to AT_ONCE at a time."""
    for number, start in enumerate(range(0, rows, AT_ONCE)):
        yield _drawn(min(AT_ONCE, rows - start), stream=2 + number)


def queries(count: int) -> Float32:
    """Unit vectors (count, DIM) that are drawn as the others, and are none of them."""
    return _drawn(count, stream=1)


def _drawn(rows: int, stream: int) -> Float32:
    sizes = np.arange(1, DIM + 1, dtype=np.float32) ** -0.5
    centres = np.random.default_rng([SEED, 0]).standard_normal((CENTRES, DIM), dtype=np.float32)
    rng = np.random.default_rng([SEED, stream])
    noise = NOISE * rng.standard_normal((rows, DIM), dtype=np.float32)
    return l2_normalise((centres[rng.integers(CENTRES, size=rows)] + noise) * sizes)

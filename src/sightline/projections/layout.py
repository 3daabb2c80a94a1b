"""Places in two dimensions, by UMAP, from a neighbour graph. Knows no vectors.

umap-learn is asked for nothing that this room has: the graph is given to it, and the points start from their
places along the main axes.
"""

import importlib
import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import MapFailedError
from sightline.domain.maps import MapOrder
from sightline.projections.neighbours import Graph

FEWEST = 4  # points; fewer lie as well along the main axes
NOISE = 1e-4  # of the extent: no two points begin at the same place
# What umap-learn compiles anew in every process unless it is told to keep it
COMPILED = (
    ("umap.layouts", "_nb_optimize_layout_euclidean_single_epoch"),
    ("umap.umap_", "smooth_knn_dist"),
    ("umap.umap_", "compute_membership_strengths"),
)
INSTALL = "pip install 'sightline[map]'"


def load_umap() -> ModuleType | None:
    """The package, or none where it is not installed. Takes seconds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it would like to have beside it
            package = importlib.import_module("umap")
    except ImportError:
        return None
    for module, name in COMPILED:
        function: Any = getattr(importlib.import_module(module), name, None)
        if hasattr(function, "enable_caching"):  # else each drawing waits for the compiler
            function.enable_caching()
    return package


def laid_out(
    umap: ModuleType, graph: Graph, start: Float32, *, order: MapOrder, tell: Callable[[float], None]
) -> Float32:
    """(N, 2), N >= FEWEST, from a start (N, 2); the same for the same seed.

    Raises MapFailedError: it gave no places.
    """
    rows = len(start)
    near = min(order.neighbours, rows) - 1
    itself = np.arange(rows, dtype=np.int32)[:, np.newaxis]
    distances = np.maximum(1 - graph.scores[:, :near], 0)
    model = umap.UMAP(
        n_neighbors=near + 1,  # it counts a point as its own first
        min_dist=order.min_distance,
        random_state=order.seed,
        n_jobs=1,  # as a seed needs it
        init=_spread(start, order.seed),
        precomputed_knn=(
            np.hstack([itself, graph.neighbours[:, :near]]),
            np.hstack([np.zeros((rows, 1), np.float32), distances]),
            None,
        ),
        tqdm_kwds={"disable": False, "file": _Epochs(tell), "mininterval": 0.3, "bar_format": "{n} {total}"},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it cannot place others: `placing` does
        places = model.fit_transform(start)
    if not np.isfinite(places).all():
        raise MapFailedError("UMAP gave no places for some rows; ask for algorithm pca, or for another seed")
    return np.asarray(places, dtype=np.float32)


def _spread(start: Float32, seed: int) -> Float32:
    extent = max(float(np.ptp(start, axis=0).max()), 1e-6)
    noise = np.random.default_rng(seed).normal(scale=NOISE * extent, size=start.shape)
    return np.asarray(start + noise, dtype=np.float32)


class _Epochs:
    """Where the package writes how far it is: "12 200"."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell

    def write(self, text: str) -> None:
        if found := re.search(r"(\d+) (\d+)", text):
            self._tell(int(found[1]) / max(int(found[2]), 1))

    def flush(self) -> None:
        """Nothing is kept."""

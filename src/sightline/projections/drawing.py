"""One drawing, from the vectors in a folder to all that makes a map. Does not know whose they are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import MapFailedError
from sightline.domain.maps import LANDMARKS, NO_CLUSTER, Drawn, MapOrder
from sightline.domain.ports import Telling
from sightline.projections import clusters
from sightline.projections.cells import SEEN
from sightline.projections.copies import copies_of, with_copies
from sightline.projections.layout import FEWEST, INSTALL, laid_out, load_umap
from sightline.projections.neighbours import Graph, Vectors, graph_of, prepared
from sightline.projections.pca import main_axes
from sightline.projections.placing import place_many
from sightline.projections.quality import outliers_of, quality_of

VECTORS = "vectors.npy"
AXES = 128  # along which candidates are looked for; along 64, one in twenty more neighbours is missed
WHOLE_UP_TO = SEEN  # rows are compared with each other, along all axes: that finds every neighbour
# of the time that 100,000 rows take, where each stage ends
STAGES = {"vectors": 0.05, "graph": 0.3, "layout": 0.85, "places": 0.9, "clusters": 1.0}


@dataclass
class Progress:
    """Tells of stages, and keeps how long each took."""

    tell: Telling
    timings_s: dict[str, float] = field(default_factory=dict)
    _stage: str = "vectors"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._stage = name
        started = time.perf_counter()
        self.part(0)
        yield
        self.timings_s[name] = round(time.perf_counter() - started, 3)

    def part(self, share: float) -> None:
        """How much of the stage is done."""
        names = list(STAGES)
        number = names.index(self._stage)
        begin = STAGES[names[number - 1]] if number else 0.0
        self.tell(self._stage, begin + share * (STAGES[self._stage] - begin))


@dataclass(frozen=True, eq=False)
class Layout:
    """places: (U, 2), of all vectors. landmarks: (L,), which of them others are placed by, ascending."""

    places: Float32
    landmarks: Int64
    algorithm: str
    notes: tuple[str, ...] = ()


def draw(folder: Path, order: MapOrder, tell: Telling) -> Drawn:
    """See Cartographer in domain/ports.

    Raises MapFailedError: the vectors cannot be used, or what the order asks for is not installed.
    """
    progress = Progress(tell)
    with progress.stage("vectors"):
        whole = _opened(folder / VECTORS)
        if not len(whole):
            return _nothing(folder, order)
        copies = copies_of(whole, progress.part)
        vectors = _prepared(whole, copies.firsts, order.seed)
    with progress.stage("graph"):
        graph = graph_of(vectors, order.neighbours, order.seed, progress.part)
        every = with_copies(graph, copies)
        np.save(folder / "neighbours.npy", every.neighbours)
        np.save(folder / "scores.npy", every.scores)
    layout = _laid_out(vectors, graph, order, progress)
    with progress.stage("clusters"):
        numbers, notes = _clusters(layout.places, np.bincount(copies.groups), order.seed)
        progress.part(0.5)
        places = layout.places[copies.groups]
        quality = quality_of(whole, places, every, order.seed)
    _keep(folder, places, numbers[copies.groups], copies.firsts[layout.landmarks])
    return Drawn(
        algorithm=layout.algorithm,
        note="; ".join(layout.notes + notes),
        trustworthiness=quality.trustworthiness if quality else None,
        graph_recall=quality.graph_recall if quality else None,
        landmarks=len(layout.landmarks),
        outliers=[str(row) for row in outliers_of(every)],
        timings_s=progress.timings_s,
    )


def _opened(path: Path) -> Float32:
    """(N, dim), in its file."""
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as exc:
        raise MapFailedError(f"{path.name} cannot be read; draw the map again") from exc
    if vectors.ndim != 2 or vectors.dtype != np.float32 or not vectors.shape[1]:
        raise MapFailedError(f"{path.name} is {vectors.dtype} {vectors.shape}; it must be float32 (N, dim)")
    return np.asarray(vectors) if not len(vectors) else vectors


def _prepared(whole: Float32, rows: Int64, seed: int) -> Vectors:
    count = whole.shape[1] if len(rows) <= WHOLE_UP_TO else AXES
    return prepared(whole, rows, main_axes(whole, rows, count, seed))


def _laid_out(vectors: Vectors, graph: Graph, order: MapOrder, progress: Progress) -> Layout:
    along = vectors.points[:, :2]
    if along.shape[1] < 2:  # vectors of one number
        along = np.hstack([along, np.zeros_like(along)])
    landmarks = _landmarks(len(vectors), order.seed)
    with progress.stage("layout"):
        umap = None if order.algorithm == "pca" else load_umap()
        if umap is None or len(vectors) < FEWEST:
            return Layout(along, landmarks, "pca", _why_not_umap(order, is_installed=umap is not None))
        if len(landmarks) < len(vectors):
            graph = graph_of(vectors.only(landmarks), order.neighbours, order.seed)
        drawn = laid_out(umap, graph, along[landmarks], order=order, tell=progress.part)
    with progress.stage("places"):
        places = np.empty((len(vectors), 2), dtype=np.float32)
        places[landmarks] = drawn
        others = np.setdiff1d(np.arange(len(vectors)), landmarks, assume_unique=True)
        if len(others):
            asked, marks = vectors.only(others), vectors.only(landmarks)
            places[others] = place_many(asked, marks, drawn, seed=order.seed, tell=progress.part)
    return Layout(places, landmarks, "umap")


def _landmarks(count: int, seed: int) -> Int64:
    if count <= LANDMARKS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, LANDMARKS, replace=False))


def _why_not_umap(order: MapOrder, *, is_installed: bool) -> tuple[str, ...]:
    """For people. Raises MapFailedError: UMAP is asked for by name, and is not installed."""
    if order.algorithm == "pca":
        return ()
    if is_installed:
        return ("so few are drawn by PCA",)
    if order.algorithm == "umap":
        raise MapFailedError(f"UMAP is not installed; run: {INSTALL}, or ask for algorithm auto or pca")
    return (f"drawn by PCA, as UMAP is not installed; run: {INSTALL}",)


def _clusters(places: Float32, items: Int64, seed: int) -> tuple[UInt8, tuple[str, ...]]:
    if clusters.is_installed():
        return clusters.clusters_of(places, items, seed), ()
    none = np.full(len(places), NO_CLUSTER, dtype=np.uint8)
    return none, (f"no clusters, as scikit-learn is not installed; run: {INSTALL}",)


def _keep(folder: Path, places: Float32, numbers: UInt8, landmarks: Int64) -> None:
    is_landmark = np.zeros(len(places), dtype=np.bool_)
    is_landmark[landmarks] = True
    np.save(folder / "places.npy", places)
    np.save(folder / "clusters.npy", numbers)
    np.save(folder / "landmarks.npy", is_landmark)


def _nothing(folder: Path, order: MapOrder) -> Drawn:
    np.save(folder / "neighbours.npy", np.empty((0, order.neighbours), dtype=np.int32))
    np.save(folder / "scores.npy", np.empty((0, order.neighbours), dtype=np.float32))
    none = np.empty((0, 2), dtype=np.float32)
    _keep(folder, none, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int64))
    return Drawn(algorithm="pca")

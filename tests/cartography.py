"""Who draws maps in tests: at once, or step by step under a test's hand. Does not know what is tested."""

import threading
from pathlib import Path

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.maps import NEAREST_LANDMARKS, Drawn, MapOrder
from sightline.domain.ports import Telling

STAGES = ("graph", "layout", "places", "clusters")
LOOK_S = 0.02


class QuickCartographer:
    """Lays a map out by its vectors' first two numbers. drawings: how many were begun.

    While `gate` is shut a drawing goes on and on at half its way.
    """

    def __init__(self) -> None:
        self.drawings = 0
        self.gate = threading.Event()
        self.gate.set()
        self.given_up = threading.Event()

    def draw(self, folder: Path, order: MapOrder, tell: Telling) -> Drawn:
        self.drawings += 1
        vectors = np.load(folder / "vectors.npy")
        try:
            for number, stage in enumerate(STAGES):
                tell(stage, number / len(STAGES))
                while stage == "layout" and not self.gate.wait(LOOK_S):
                    tell(stage, 0.5)
        except BaseException:
            self.given_up.set()
            raise
        scores = vectors @ vectors.T
        np.fill_diagonal(scores, -np.inf)
        nearest = np.argsort(-scores, axis=1, kind="stable")[:, : order.neighbours].astype(np.int32)
        found = np.take_along_axis(scores, nearest.astype(np.int64), axis=1)
        nearest[np.isneginf(found)] = -1
        np.save(folder / "places.npy", vectors[:, :2])
        np.save(folder / "clusters.npy", (vectors[:, 0] > 0).astype(np.uint8))
        np.save(folder / "landmarks.npy", np.arange(len(vectors)) % 3 < 2)
        np.save(folder / "neighbours.npy", nearest)
        np.save(folder / "scores.npy", found.astype(np.float32))
        return Drawn("pca", note="quick", trustworthiness=0.9, graph_recall=1.0, outliers=["0"])

    def place(self, vectors: Float32, landmarks: Float32, places: Float32) -> Float32:
        """Each by itself: what else is asked for with it cannot matter."""
        placed = []
        for vector in vectors.astype(np.float64):
            cosines = (landmarks.astype(np.float64) * vector).sum(axis=1)
            nearest = np.argsort(-cosines, kind="stable")[:NEAREST_LANDMARKS]
            weights = np.maximum(cosines[nearest], 1e-6)
            placed.append((places[nearest] * weights[:, None]).sum(axis=0) / weights.sum())
        return np.array(placed, dtype=np.float32).reshape(-1, 2)

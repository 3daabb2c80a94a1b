"""How far a map and its graph can be trusted."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from sightline.projections.neighbours import NONE, Graph, graph_of, prepared
from sightline.projections.pca import main_axes
from sightline.projections.quality import OUTLIERS, SAMPLE, outliers_of, quality_of
from tests.blobs import anywhere


def graph(vectors, count=10):
    rows = np.arange(len(vectors))
    return graph_of(prepared(vectors, rows, main_axes(vectors, rows, 64, seed=0)), count, seed=0)


def around_a_circle(rows):
    """Unit vectors that really have two dimensions, and these."""
    angles = np.random.default_rng(4).uniform(0, 2 * np.pi, rows)
    flat = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return np.pad(flat, ((0, 0), (0, 6))), flat


def test_a_map_that_shows_all_there_is_can_be_trusted():
    vectors, places = around_a_circle(400)

    quality = quality_of(vectors, places, graph(vectors), seed=0)

    assert quality.trustworthiness == pytest.approx(1, abs=1e-3)
    assert quality.graph_recall == 1


def test_a_map_by_chance_is_worth_a_half():
    vectors = anywhere(400)
    places = np.random.default_rng(5).uniform(size=(400, 2)).astype(np.float32)

    assert quality_of(vectors, places, graph(vectors), seed=0).trustworthiness == pytest.approx(0.5, abs=0.05)


def test_of_all_rows_it_is_what_others_compute():
    vectors = anywhere(SAMPLE - 12)
    places = np.ascontiguousarray(vectors[:, :2])

    ours = quality_of(vectors, places, graph(vectors), seed=0).trustworthiness

    theirs = trustworthiness(vectors, places, n_neighbors=10, metric="cosine")
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_recall_counts_the_neighbours_that_are_missing():
    vectors = anywhere(300)
    true = graph(vectors)
    scores = true.scores.copy()
    scores[:, 5:] = -1  # as of rows that are far away

    quality = quality_of(vectors, vectors[:, :2], Graph(true.neighbours, scores), seed=0)

    assert quality.graph_recall == 0.5


@pytest.mark.parametrize("rows", [1, 2])
def test_of_too_few_rows_nothing_is_known(rows):
    vectors = anywhere(rows)

    assert quality_of(vectors, vectors[:, :2], graph(vectors), seed=0) is None


def test_outliers_are_those_least_like_their_neighbours_the_farthest_first():
    scores = np.linspace(0.2, 0.9, 50, dtype=np.float32)[::-1, np.newaxis] * np.ones(3, dtype=np.float32)
    neighbours = np.zeros((50, 3), dtype=np.int32)

    assert outliers_of(Graph(neighbours, scores)) == list(range(49, 49 - OUTLIERS, -1))


def test_a_row_without_neighbours_is_no_outlier():
    nothing = Graph(np.full((1, 3), NONE, dtype=np.int32), np.full((1, 3), -np.inf, dtype=np.float32))

    assert outliers_of(nothing) == []

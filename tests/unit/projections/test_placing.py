"""Where a vector lies among landmarks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.domain.maps import NEAREST_LANDMARKS
from sightline.domain.vectors import l2_normalise
from sightline.projections.neighbours import prepared
from sightline.projections.pca import main_axes
from sightline.projections.placing import place, place_many
from tests.blobs import anywhere, blobs


def places_of(landmarks, seed=9):
    return np.random.default_rng(seed).standard_normal((len(landmarks), 2)).astype(np.float32) * 10


def expected(vector, landmarks, places):
    """The rule again, for one vector, as it is written down."""
    squares = ((landmarks.astype(np.float64) - vector) ** 2).sum(axis=1)
    order = np.argsort(squares, kind="stable")
    near, last = order[:NEAREST_LANDMARKS], order[NEAREST_LANDMARKS : NEAREST_LANDMARKS + 1]
    if squares[near[0]] == 0:
        return places[near[squares[near] == 0]].mean(axis=0)
    weights = 1 / squares[near] - (1 / squares[last] if len(last) else 0)
    return (weights[:, np.newaxis] * places[near]).sum(axis=0) / weights.sum()


@settings(max_examples=60, deadline=None)
@given(
    asked=st.integers(1, 300),
    known=st.integers(1, 700),
    dim=st.sampled_from([1, 3, 64, 384, 768]),
    cuts=st.lists(st.integers(0, 300), max_size=6),
    seed=st.integers(0, 1000),
)
def test_any_split_of_a_batch_gives_the_same_bits(asked, known, dim, cuts, seed):
    landmarks = anywhere(known, dim=dim, seed=seed)
    vectors = np.concatenate([anywhere(asked, dim=dim, seed=seed + 1), landmarks[:3]])
    places = places_of(landmarks)

    whole = place(vectors, landmarks, places)

    parts = [place(part, landmarks, places) for part in np.split(vectors, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    alone = np.concatenate([place(vector[np.newaxis], landmarks, places) for vector in vectors[-5:]])
    np.testing.assert_array_equal(alone, whole[-5:])


@pytest.mark.parametrize("known", [1, 2, 5, 6, 7, 2_000])
def test_a_place_follows_the_rule(known):
    landmarks, vectors = anywhere(known, seed=1), anywhere(50, seed=2)
    places = places_of(landmarks)

    placed = place(vectors, landmarks, places)

    np.testing.assert_allclose(
        placed, [expected(v, landmarks, places) for v in vectors], rtol=1e-4, atol=1e-5
    )


def test_a_landmarks_own_vector_lies_exactly_there():
    landmarks = anywhere(1_000)
    places = places_of(landmarks)

    np.testing.assert_array_equal(place(landmarks, landmarks, places), places)


def test_near_to_a_landmark_is_near_to_its_place():
    landmarks = anywhere(1_000, dim=64)
    near = l2_normalise(landmarks + 1e-3 * anywhere(1_000, dim=64, seed=2))

    away = np.linalg.norm(place(near, landmarks, places_of(landmarks)) - places_of(landmarks), axis=1)

    assert away.max() < 0.01


def test_nothing_jumps_where_another_landmark_becomes_one_of_the_nearest():
    landmarks, ends = anywhere(40, seed=1), anywhere(2, seed=2)
    share = np.linspace(0, 1, 20_001, dtype=np.float32)[:, np.newaxis]

    placed = place(l2_normalise((1 - share) * ends[0] + share * ends[1]), landmarks, places_of(landmarks))

    steps = np.linalg.norm(np.diff(placed, axis=0), axis=1)
    assert steps.max() < 0.02
    assert np.linalg.norm(placed[-1] - placed[0]) > 1


def test_places_lie_between_those_of_the_nearest():
    landmarks = anywhere(500)
    places = np.abs(places_of(landmarks))

    placed = place(anywhere(500, seed=2), landmarks, places)

    assert (placed >= places.min(axis=0)).all()
    assert (placed <= places.max(axis=0)).all()


def test_landmarks_with_the_same_vector_share_what_lies_there():
    landmarks = np.concatenate([np.repeat(anywhere(1), 2, axis=0), anywhere(20, seed=2)])
    places = places_of(landmarks)

    placed = place(landmarks[:1], landmarks, places)

    np.testing.assert_allclose(placed[0], (places[0] + places[1]) / 2, rtol=1e-6)


def test_as_many_equal_landmarks_as_there_may_be_are_no_trouble():
    landmarks = np.repeat(anywhere(1), 3_000, axis=0)
    vectors = anywhere(4, seed=2)

    placed = place(vectors, landmarks, np.full((3_000, 2), 7, dtype=np.float32))

    np.testing.assert_allclose(placed, 7)


def test_without_landmarks_all_lie_at_the_origin():
    nothing = np.empty((0, 2), dtype=np.float32)

    assert place(anywhere(3), np.empty((0, 16), dtype=np.float32), nothing).tolist() == [[0, 0]] * 3


def test_many_are_placed_nearly_all_as_one_by_one():
    vectors, _ = blobs(6_000, dim=64, count=40, spread=0.5)
    rows = np.arange(len(vectors))
    ready = prepared(vectors, rows, main_axes(vectors, rows, 48, seed=0))
    asked, landmarks = ready.only(rows[4_000:]), ready.only(rows[:4_000])
    places = places_of(vectors[:4_000])

    many = place_many(asked, landmarks, places, seed=0, tell=lambda share: None)

    one_by_one = place(vectors[4_000:], vectors[:4_000], places)
    assert (np.abs(many - one_by_one).max(axis=1) < 1e-4).mean() > 0.95

"""Points in a lasso, against exact arithmetic done slowly."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import InvalidRequestError
from sightline.domain.selections import MAX_CORNERS, Outline, Selection
from sightline.services.atlas.lassos import SIMPLIFIED_FROM, Heights, caught, simplified

halves = st.integers(-6, 6).map(lambda number: number / 2)  # so that points meet corners and edges
corners = st.tuples(halves, halves)
polygons = st.lists(corners, max_size=9)
outlines = st.builds(Outline, st.sampled_from(["add", "subtract"]), polygons)


def is_inside(point, polygon):
    """By the even-odd rule, in fractions: edges to the left of the point, without their higher ends."""
    x, y = map(Fraction, point)
    crossed = 0
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        x1, y1, x2, y2 = map(Fraction, (x1, y1, x2, y2))
        if (y1 <= y) != (y2 <= y):
            crossed += x1 + (y - y1) / (y2 - y1) * (x2 - x1) < x
    return crossed % 2 == 1


def is_caught(point, lasso):
    caught = bool(lasso) and lasso[0].op == "subtract"
    for outline in lasso:
        if is_inside(point, outline.polygon):
            caught = outline.op == "add"
    return caught


def heights(points):
    xy = np.array(points, dtype=np.float32).reshape(-1, 2)
    return Heights.of(xy[:, 0].copy(), xy[:, 1].copy())


def ring(count, radius=1.0):
    turns = [2 * math.pi * number / count for number in range(count)]
    return [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]


@given(points=st.lists(corners, max_size=30), lasso=st.lists(outlines, max_size=4))
def test_a_lasso_catches_what_exact_arithmetic_says(points, lasso):
    assert caught(heights(points), lasso).tolist() == [is_caught(point, lasso) for point in points]


@pytest.mark.parametrize(
    "polygon", [[], [(0, 0)], [(-9, -9), (9, 9)], [(-1, 0), (1, 0), (2, 0)], [(3, 3)] * 5]
)
def test_what_encloses_nothing_catches_nothing(polygon):
    points = heights([(0, 0), (1, 1), (0, 5)])
    assert not caught(points, [Outline("add", polygon)]).any()


def test_a_polygon_that_crosses_itself_leaves_out_what_it_goes_round_twice():
    twice = ring(40) + ring(40)
    assert not caught(heights([(0, 0), (0.5, 0.1)]), [Outline("add", twice)]).any()


def test_many_parts_of_many_points_are_joined_as_they_were_cut():
    """More points than are computed at once."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(100_000, 2)).astype(np.float32)
    within = caught(heights(points), [Outline("add", ring(300))])
    lengths = np.linalg.norm(points.astype(np.float64), axis=1)
    sure = np.abs(lengths - 1) > 1e-3  # between the ring and the circle
    assert (within == (lengths < 1))[sure].all()


def test_of_many_corners_those_stay_that_matter():
    wobbling = [(x + 1e-9 * (number % 2), y) for number, (x, y) in enumerate(ring(2_000))]
    fewer = simplified(wobbling)
    assert 20 < len(fewer) < SIMPLIFIED_FROM
    apart = [min(math.dist(corner, kept) for kept in wobbling) for corner in fewer.tolist()]
    assert max(apart) == 0
    assert len(simplified(wobbling[:SIMPLIFIED_FROM])) == SIMPLIFIED_FROM


def test_too_many_corners_are_refused_with_the_limit():
    with pytest.raises(InvalidRequestError, match=f"2001 corners; the limit is {MAX_CORNERS}"):
        Outline("add", ring(2_001))
    with pytest.raises(InvalidRequestError, match=f"3000 corners; the limit is {MAX_CORNERS} for all"):
        Selection([Outline("add", ring(1_000))] * 3)


@pytest.mark.parametrize("corner", [(math.nan, 0), (0, math.inf), (1e31, 0), (0, -1e300)])
def test_a_corner_that_is_nowhere_is_refused(corner):
    with pytest.raises(InvalidRequestError, match="not finite"):
        Outline("add", [(0, 0), corner, (1, 1)])

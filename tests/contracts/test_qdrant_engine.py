"""Qdrant's own engine reads our conditions as `matches` reads the filter: the local mode is another program.

The engine is the server's, built as a library; only the server's HTTP is missing.
"""

import pytest
import qdrant_edge as edge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import models

from sightline.domain.filters import And, Compares, Equals, Exists, Not, Or, matches
from sightline.stores.qdrant_filters import push_down
from sightline.stores.qdrant_points import MARKER_ID

KEYS = st.sampled_from(["a", "b", "odd key", "0", "ä", "x.y", "[]"])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**53 - 1, 2**53 + 1, 2**63, 2**70, 0.5, 1.0, -0.0, 1e300]),
    st.sampled_from(["", "1", "true", "red", "Red", "ä", "z"]),
)
VALUES = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=4)
PATHS = st.lists(KEYS.filter(lambda key: "." not in key), min_size=1, max_size=2).map(tuple)
BOUNDS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, 2.0**53, "", "red", "z"]))
# no booleans: this binding makes 1 of True, which JSON does not
WANTED = BOUNDS | st.sampled_from(["1", "true", "ä", 2**53 - 1, 1e300])
LEAVES = st.one_of(
    st.builds(Equals, PATHS, st.lists(WANTED, max_size=3).map(tuple)),
    st.builds(Compares, PATHS, st.sampled_from(["lt", "lte", "gt", "gte"]), BOUNDS),
    st.builds(Exists, PATHS),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@pytest.fixture
def shard(tmp_path):
    config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=2, distance=edge.Distance.Cosine))
    made = edge.EdgeShard.create(str(tmp_path), config)
    made.update(edge.UpdateOperation.upsert_points([edge.Point(MARKER_ID, {}, {"cursor": 0})]))
    yield made
    made.close()


def test_point_without_a_vector_is_kept_and_never_found(shard):
    shard.update(edge.UpdateOperation.upsert_points([edge.Point(1, [0.6, 0.8], {})]))
    query = edge.QueryRequest(limit=10, query=edge.Query.Nearest([0.6, 0.8]))
    assert [found.id for found in shard.query(query)] == [1]
    assert shard.retrieve([MARKER_ID], with_payload=True, with_vector=False)[0].payload == {"cursor": 0}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(rows=st.lists(METADATA, min_size=1, max_size=8), where=FILTERS)
def test_engine_passes_what_matches_passes(shard, rows, where):
    points = [edge.Point(number, [0.6, 0.8], {"metadata": row}) for number, row in enumerate(rows, 1)]
    shard.update(edge.UpdateOperation.upsert_points(points))
    pushed = push_down(where, "metadata")
    found, _ = shard.scroll(edge.ScrollRequest(limit=len(rows) + 1, filter=translated(pushed.condition)))
    passed = {point.id for point in found if point.id != MARKER_ID} & set(range(1, len(rows) + 1))
    truth = {number for number, row in enumerate(rows, 1) if matches(where, row)}
    assert passed >= truth
    if pushed.is_exact:
        assert passed == truth


def translated(condition):
    """Our conditions in the engine's own classes, which the server makes from JSON."""
    match condition:
        case None:
            return None
        case models.Filter():
            return edge.Filter(
                must=_all(condition.must), should=_all(condition.should), must_not=_all(condition.must_not)
            )
        case models.HasIdCondition():
            return edge.HasIdCondition(set(condition.has_id))
        case models.IsEmptyCondition():
            return edge.IsEmptyCondition(condition.is_empty.key)
        case models.FieldCondition(range=models.Range() as limits):
            return edge.FieldCondition(condition.key, range=edge.RangeFloat(**limits.model_dump()))
        case models.FieldCondition(match=models.MatchValue() as value):
            return edge.FieldCondition(condition.key, match=edge.MatchValue(value.value))
    raise TypeError(condition)


def _all(conditions):
    return None if conditions is None else [translated(condition) for condition in conditions]

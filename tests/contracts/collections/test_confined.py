"""The nearest of chosen items, from a real record and real stores, against plain arithmetic."""

import numpy as np
import pytest

from sightline.domain.filter_syntax import parse
from sightline.services.collections.confined import chosen
from tests.contracts.collections.test_search import cloud, nearest
from tests.shoes import unit

DIM = 6
QUERY = unit(0, 1, 0, 0, 2, 0)


@pytest.fixture
def library(new_library):
    library = new_library(DIM)
    library.vectors = cloud(60)
    library.metadata = {
        name: {"colour": ["red", "blue"][number % 2]} for number, name in enumerate(library.vectors)
    }
    library.add(library.vectors, library.metadata)
    return library


def part(library, names, **how):
    seqs = library.record.seqs_of("shoes", names)
    ascending = np.array(sorted(seqs.values()), dtype=np.int64)
    return chosen(library.record, library.view("shoes"), "shoes", ascending, **how)


@pytest.mark.parametrize("few", [100, 0])
@pytest.mark.parametrize("is_red", [False, True])
def test_few_and_many_chosen_items_give_the_nearest_of_them(library, few, is_red):
    names = [name for name, _ in nearest(library.vectors, QUERY)[20::2]]
    where = parse({"colour": "red"}) if is_red else None
    passing = [name for name in names if not is_red or library.metadata[name]["colour"] == "red"]
    expected = nearest(library.vectors, QUERY, passing)
    for k, offset in [(5, 0), (3, 2), (40, 1)]:
        found = part(library, names, few=few).nearest(QUERY, k, offset=offset, where=where)
        assert [one.item_id for one in found] == [name for name, _ in expected[offset : offset + k]]
        scores = [score for _, score in expected[offset : offset + k]]
        assert [one.score for one in found] == pytest.approx(scores, abs=1e-5)


def test_items_that_lie_too_far_behind_others_are_told_to_be_missing(library):
    names = [name for name, _ in nearest(library.vectors, QUERY)[28:]]
    near = part(library, names, few=0, furthest=30)
    assert [one.item_id for one in near.nearest(QUERY, 5)] == names[:2]
    assert "30 nearest" in near.notes(3)[0]
    assert not near.notes(0)

"""What the record tells of a collection without reading all of it."""

import numpy as np
import pytest

from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset
from sightline.domain.errors import UnknownCollectionError
from tests.records import DIM, OTHER_SPACE, SPACE, content, item, removals, upserts, vector


def test_the_space_of_a_collection_is_told(record: SqlRecord) -> None:
    record.create("boots", OTHER_SPACE)
    assert record.space("shoes") == SPACE
    assert record.space("boots") == OTHER_SPACE
    with pytest.raises(UnknownCollectionError):
        record.space("socks")


def test_a_sample_is_of_the_items_there_are_and_always_the_same(record: SqlRecord) -> None:
    assert record.sample("shoes", 10).shape == (0, DIM)
    record.commit("shoes", upserts(range(300)))
    record.commit("shoes", removals(*range(0, 300, 2)))
    drawn = record.sample("shoes", 40)
    there = [vector(content(number)) for number in range(1, 300, 2)]
    assert drawn.shape == (40, DIM)
    assert (np.isclose(drawn @ np.stack(there).T, 1).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(record.sample("shoes", 40), drawn)
    assert record.sample("shoes", 1_000).shape == (150, DIM)


def test_a_sample_favours_no_item(record: SqlRecord) -> None:
    """Neither by id nor by when it came: half of it is of the first half."""
    record.commit("shoes", upserts(range(1_000)))
    first = np.stack([vector(content(number)) for number in range(500)])
    from_first = (record.sample("shoes", 200) @ first.T > 0.999).any(axis=1).sum()
    assert 70 < from_first < 130  # four deviations of a fair draw


def test_copies_are_the_items_that_share_their_content(record: SqlRecord) -> None:
    record.create("boots", SPACE)
    record.commit("boots", upserts([1]))  # another collection's item is no copy
    record.commit("shoes", upserts(range(6)))
    copies = [item(7, of=2), item(8, of=4), item(9, of=4)]
    record.commit("shoes", Changeset(SPACE.fingerprint, copies))
    record.commit("shoes", removals(7))  # and leaves 2 alone again
    found = [one.id for one in record.copies("shoes")]
    assert found == ["item-00004", "item-00008", "item-00009"]

"""What the record promises of maps, on each database."""

import time

import numpy as np
import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.points import PAGE
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.tables import point_pages
from sightline.domain.collections import Changeset
from sightline.domain.contents import as_hex, keys, of_hex
from sightline.domain.errors import (
    MapChangedError,
    NoMapError,
    SpaceMismatchError,
    UnknownCollectionError,
)
from sightline.domain.maps import NO_CLUSTER, Cluster, Drawn, Map, MapOrder, Points
from tests.records import OTHER_SPACE, SPACE, content, item, removals, upserts, vector

ORDER = MapOrder(algorithm="pca", neighbours=7, vocabulary=("red dress",))
DRAWN = Drawn("pca", note="small", trustworthiness=0.9, landmarks=2, outliers=[content(1)])
CLUSTERS = [Cluster(0, "boots", "vocabulary", 3, [content(2)])]


def points(numbers: range | list[int]) -> Points:
    """Of the contents of some numbers, each at its number."""
    several = np.array(list(numbers), dtype=np.float32)
    return Points(
        contents=of_hex([content(number) for number in numbers]),
        places=np.stack([several, -several], axis=1),
        clusters=(several % 3).astype(np.uint8),
        landmarks=several % 2 == 0,
    )


def keep(record: SqlRecord, given: Points, *, space: str = SPACE.fingerprint) -> Map:
    return record.maps.keep("shoes", given, space=space, order=ORDER, drawn=DRAWN, clusters=CLUSTERS)


def by_content(found: Points) -> dict[str, tuple[bytes, int, bool]]:
    rows = zip(found.places, found.clusters, found.landmarks, strict=True)
    facts = [(place.tobytes(), int(cluster), bool(landmark)) for place, cluster, landmark in rows]
    return dict(zip(as_hex(found.contents), facts, strict=True))


def test_a_map_is_read_back_as_it_was_kept(record: SqlRecord) -> None:
    assert record.maps.of("shoes") is None
    kept = keep(record, points(range(PAGE + 5)))
    assert record.maps.of("shoes") == kept
    assert (kept.order.vocabulary, kept.order.neighbours) == (["red dress"], 7)
    assert (kept.drawn, kept.clusters, kept.points) == (DRAWN, CLUSTERS, PAGE + 5)
    assert kept.space == SPACE.fingerprint
    found = record.maps.points("shoes", kept.id)
    assert by_content(found) == by_content(points(range(PAGE + 5)))
    assert (np.diff(np.argsort(keys(found.contents))) == 1).all()


def test_another_map_takes_the_place_of_the_one_before(record: SqlRecord, database: Database) -> None:
    first = keep(record, points(range(10)))
    second = keep(record, points(range(4)))
    assert second.id > first.id
    assert record.maps.of("shoes") == second
    assert len(record.maps.points("shoes", second.id)) == 4
    with pytest.raises(MapChangedError):
        record.maps.points("shoes", first.id)
    with pytest.raises(MapChangedError):
        record.maps.add("shoes", first.id, points([99]))
    assert _pages(database) == 1


def test_later_points_leave_the_earlier_ones_as_they_are(record: SqlRecord) -> None:
    kept = keep(record, points(range(PAGE - 3)))
    before = by_content(record.maps.points("shoes", kept.id))
    again = points(range(PAGE - 10, PAGE + 40))
    moved = Points(again.contents, again.places + 1, again.clusters, again.landmarks)
    added = record.maps.add("shoes", kept.id, moved)
    after = by_content(record.maps.points("shoes", kept.id))
    assert (added.points, added.edition) == (PAGE + 40, kept.edition + 1)
    assert {one: after[one] for one in before} == before
    assert len(after) == PAGE + 40
    assert record.maps.add("shoes", kept.id, moved) == added, "nothing came, so nothing is new"


def test_points_that_come_one_by_one_fill_pages(record: SqlRecord, database: Database) -> None:
    kept = keep(record, points([]))
    for number in range(30):
        record.maps.add("shoes", kept.id, points([number]))
    assert by_content(record.maps.points("shoes", kept.id)) == by_content(points(range(30)))
    assert _pages(database) == 1


def test_a_map_of_another_space_is_not_kept_nor_seen(record: SqlRecord) -> None:
    """The old one stays unseen until another is drawn, and is there again if the space is."""
    record.commit("shoes", upserts(range(3)))
    kept = keep(record, points(range(3)))
    record.prepare_space(OTHER_SPACE)
    vectors = {content(number): vector(content(number), OTHER_SPACE) for number in range(3)}
    record.commit("shoes", Changeset(OTHER_SPACE.fingerprint, vectors=vectors))
    with pytest.raises(SpaceMismatchError):
        keep(record, points(range(3)), space=OTHER_SPACE.fingerprint)
    record.switch("shoes", OTHER_SPACE.fingerprint)
    assert record.maps.of("shoes") is None
    with pytest.raises(MapChangedError):
        record.maps.points("shoes", kept.id)
    record.switch("shoes", SPACE.fingerprint)
    assert record.maps.of("shoes") == kept


def test_maps_go_with_their_collections(record: SqlRecord, database: Database) -> None:
    with pytest.raises(NoMapError):
        record.maps.drop("shoes")
    keep(record, points(range(3)))
    record.maps.drop("shoes")
    assert (record.maps.of("shoes"), _pages(database)) == (None, 0)
    keep(record, points(range(3)))
    record.retire("shoes")
    record.delete("shoes")
    assert _pages(database) == 0
    with pytest.raises(UnknownCollectionError):
        record.maps.of("shoes")


def test_the_roll_is_of_all_items_there_are(record: SqlRecord) -> None:
    assert record.roll("shoes").contents.shape == (0, 32)
    record.commit("shoes", upserts(range(5)))
    record.commit("shoes", Changeset(SPACE.fingerprint, [item(9, of=0)]))
    record.commit("shoes", removals(1))
    roll = record.roll("shoes")
    assert roll.seqs.tolist() == [1, 3, 4, 5, 6]
    assert as_hex(roll.contents) == [content(number) for number in (0, 2, 3, 4, 0)]
    assert record.roll("shoes", after=4).seqs.tolist() == [5, 6]
    part, vectors = record.vectors_since("shoes", 1, 2)
    assert part.seqs.tolist() == [3, 4]
    np.testing.assert_array_equal(vectors, [vector(content(2)), vector(content(3))])
    assert len(record.vectors_since("shoes", 7, 2)[0]) == 0
    assert record.vectors_since("shoes", 7, 2)[1].shape == (0, SPACE.dim)


def test_items_are_found_by_the_numbers_of_their_last_changes(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(5)))
    record.commit("shoes", removals(1))
    assert {seq: one.id for seq, one in record.items_at("shoes", [1, 2, 5, 6, 77]).items()} == {
        1: "item-00000",
        5: "item-00004",
    }
    assert record.seqs_of("shoes", ["item-00004", "item-00001", "nobody"]) == {"item-00004": 5}


def test_a_million_points_are_kept_and_read_in_seconds(record: SqlRecord) -> None:
    drawn = np.random.default_rng(0)
    many = Points(
        contents=drawn.integers(0, 256, (1_000_000, 32), dtype=np.uint8),
        places=drawn.normal(size=(1_000_000, 2)).astype(np.float32),
        clusters=np.full(1_000_000, NO_CLUSTER, dtype=np.uint8),
        landmarks=np.zeros(1_000_000, dtype=bool),
    )
    began = time.monotonic()
    kept = keep(record, many)
    found = record.maps.points("shoes", kept.id)
    assert len(found) == 1_000_000
    record.maps.add("shoes", kept.id, points(range(1000)))
    assert time.monotonic() - began < 30  # some 3 on a quiet machine


def _pages(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(point_pages.select()).all())

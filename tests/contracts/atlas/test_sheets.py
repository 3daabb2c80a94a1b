"""Sheets: rows by the items' last changes, versions, and what is gone."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset, Roll
from sightline.domain.errors import MapChangedError, NoMapError, UnknownCollectionError
from sightline.services.atlas.sheets import Sheet, Sheets
from tests.contracts.atlas.conftest import Draw, Put, cluster_of, place_of, points_of
from tests.records import SPACE, item, removals, upserts


class Changing(SqlRecord):
    """An item changes after the head was read, and before the roll is."""

    def roll(self, name: str, after: int = 0) -> Roll:
        self.commit(name, upserts([0]))
        return super().roll(name, after)


@pytest.fixture
def sheets(record: SqlRecord) -> Sheets:
    return Sheets(record, rest=lambda took_s: 0.0)


def rows(record: SqlRecord, sheet: Sheet) -> list[tuple[str, float, float, int]]:
    """What each row is of, and where."""
    items = record.items_at("shoes", sheet.seqs.tolist())
    places = zip(sheet.xs.tolist(), sheet.ys.tolist(), sheet.clusters.tolist(), strict=True)
    return [(items[seq].id, *place) for seq, place in zip(sheet.seqs.tolist(), places, strict=True)]


def expected(*numbers: int) -> list[tuple[str, float, float, int]]:
    return [(item(number).id, *place_of(number), cluster_of(number)) for number in numbers]


def test_rows_are_the_items_that_have_a_point_by_their_last_changes(
    record: SqlRecord, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{}] * 10)
    draw([7, 3, 5, 0, 77])
    record.commit("shoes", upserts([3]))
    sheet = sheets.newest("shoes")
    assert rows(record, sheet) == expected(0, 5, 7, 3)
    assert (sheet.items, sheet.unplaced) == (10, 6)
    assert sheet.extent == (0, -3.5, 7, 0)
    assert sheet.sizes[:4].tolist() == [2, 0, 1, 1]


def test_items_of_one_content_lie_together(record: SqlRecord, sheets: Sheets, put: Put, draw: Draw) -> None:
    put([{}] * 3)
    draw([0, 1, 2])
    record.commit("shoes", Changeset(SPACE.fingerprint, [item(9, of=1)]))
    assert rows(record, sheets.newest("shoes"))[-1] == (item(9).id, *place_of(1), cluster_of(1))


def test_a_version_stays_what_it_is_while_the_collection_changes(
    record: SqlRecord, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{}] * 4)
    draw(range(3))
    first = sheets.newest("shoes")
    record.commit("shoes", removals(0))
    second = sheets.newest("shoes")
    assert second.version != first.version
    assert sheets.at("shoes", first.version) is first
    assert sheets.at("shoes", None) is second
    record.maps.add("shoes", first.map.id, points_of([3]))
    third = sheets.newest("shoes")
    assert rows(record, third) == expected(1, 2, 3)
    assert sheets.at("shoes", second.version) is second
    with pytest.raises(MapChangedError, match=third.version):
        sheets.at("shoes", first.version)
    with pytest.raises(MapChangedError):
        sheets.at("shoes", "nonsense")


def test_without_a_map_there_is_no_sheet_old_ones_neither(
    record: SqlRecord, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{}] * 4)
    with pytest.raises(NoMapError):
        sheets.newest("shoes")
    draw(range(4))
    version = sheets.newest("shoes").version
    record.maps.drop("shoes")
    for asked in (version, None):
        with pytest.raises(NoMapError):
            sheets.at("shoes", asked)
    with pytest.raises(UnknownCollectionError):
        sheets.newest("boots")


def test_a_map_without_any_present_item_has_no_rows(sheets: Sheets, put: Put, draw: Draw) -> None:
    put([{}])
    draw([])
    sheet = sheets.newest("shoes")
    assert (len(sheet), sheet.extent) == (0, (0, 0, 0, 0))
    assert sheet.rows_of(np.array([1, 2])).tolist() == [-1, -1]


def test_rows_that_drop_out_while_they_are_read_have_a_version_of_their_own(
    tmp_path: Path, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{}] * 3)
    draw(range(3))
    whole = sheets.newest("shoes")
    with closing(Database.in_folder(tmp_path)) as database:
        torn = Sheets(Changing(database)).newest("shoes")
    assert (len(whole), len(torn)) == (3, 2)
    assert torn.version != whole.version

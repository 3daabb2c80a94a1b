"""Selections as bitmasks: rows of the points, whatever is asked for together."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.catalogue.record import SqlRecord
from sightline.domain.filter_syntax import parse
from sightline.domain.maps import NO_CLUSTER
from sightline.domain.ports import View
from sightline.domain.selections import Outline, Selection
from sightline.services.atlas.selecting import Selecting, bits
from sightline.services.atlas.sheets import Sheet, Sheets
from sightline.stores.memory import MemoryStore
from tests.contracts.atlas.conftest import Draw, Put
from tests.records import DIM

HALF = Outline("add", [(-1, -9), (5.5, -9), (5.5, 9), (-1, 9)])  # items 0 to 5


@dataclass
class OneView:
    held: View

    def view(self, name: str) -> View:
        return self.held


@pytest.fixture
def sheet(record: SqlRecord, put: Put, draw: Draw) -> Sheet:
    put([{"even": number % 2 == 0} for number in range(10)])
    draw(range(9))
    return Sheets(record).newest("shoes")


@pytest.fixture
def selecting(record: SqlRecord, sheet: Sheet) -> Selecting:
    view = MemoryStore().open("shoes", DIM)
    view.apply(record.changes_since("shoes", 0, 100), 10)
    return Selecting(OneView(view))


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (Selection(), range(9)),
        (Selection([HALF]), range(6)),
        (Selection([Outline("subtract", HALF.polygon)]), [6, 7, 8]),
        (Selection(where=parse({"even": True})), [0, 2, 4, 6, 8]),
        (Selection(where=parse({"even": 1})), []),
        (Selection(clusters=[0, NO_CLUSTER]), [0, 4, 5]),
        (Selection(clusters=[]), []),
        (Selection([HALF], parse({"even": True}), [0, 4, 2]), [0, 2]),
    ],
)
def test_all_that_is_asked_for_must_hold(
    selecting: Selecting, sheet: Sheet, selection: Selection, rows: list[int]
) -> None:
    assert np.flatnonzero(selecting.rows(sheet, selection)).tolist() == list(rows)


@given(st.lists(st.booleans(), max_size=40))
def test_bits_are_read_from_the_least_significant(rows: list[bool]) -> None:
    sent = bits(np.array(rows, dtype=bool))
    assert len(sent) == -(-len(rows) // 8)
    assert [bool(sent[row // 8] >> row % 8 & 1) for row in range(len(rows))] == rows

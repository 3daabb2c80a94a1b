"""Vectors compared one by one in memory."""

import numpy as np

from sightline.domain.items import Change
from sightline.domain.vectors import l2_normalise
from sightline.stores.scan import FIRST_ROWS, HeldVectors, cosines_of, newest


def unit_rows(count, dim=32, seed=1):
    return l2_normalise(np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32))


def upserts(rows, first_seq=1):
    return [Change(seq, f"i{seq - first_seq}", row, {}) for seq, row in enumerate(rows, first_seq)]


def test_last_change_of_an_item_counts_and_those_before_the_cursor_do_not():
    row = unit_rows(1)[0]
    changes = [
        Change(4, "b", row, {}),
        Change(2, "a", row, {}),
        Change(3, "a", None, {}),
        Change(1, "c", row, {}),
    ]
    assert [(change.seq, change.item_id) for change in newest(changes, 1)] == [(3, "a"), (4, "b")]


def test_equal_vectors_tie_wherever_they_stand():
    """A matrix product may round a row at the end of a block differently; identical pictures must tie."""
    held, same = HeldVectors(509), unit_rows(1, 509)[0]
    rows = unit_rows(103, 509)
    places = [0, 50, 101, 102]
    rows[places] = same
    held.apply(upserts(rows))
    hits = held.nearest(same, 4)
    assert [hit.item_id for hit in hits] == sorted(f"i{place}" for place in places)
    assert len({hit.score for hit in hits}) == 1


def test_rows_that_outgrow_their_room_and_die_are_left_behind():
    held = HeldVectors(32)
    for turn in range(5):
        held.apply(upserts(unit_rows(FIRST_ROWS, seed=turn), first_seq=turn * FIRST_ROWS + 1))
    last = unit_rows(FIRST_ROWS, seed=4)
    assert len(held) == FIRST_ROWS
    assert held.bytes <= 3 * last.nbytes
    assert held.nearest(last[7], 1)[0].item_id == "i7"


def test_only_the_rows_asked_for_are_found():
    held, rows = HeldVectors(32), unit_rows(50)
    held.apply(upserts(rows))
    some = np.array([3, 9, 40, 999], dtype=np.int64)
    assert {hit.item_id for hit in held.nearest(rows[2], 10, among=some)} == {"i2", "i8", "i39"}
    assert held.nearest(rows[2], 10, among=np.array([], dtype=np.int64)) == []


def test_nothing_is_found_past_the_end():
    held = HeldVectors(32)
    held.apply(upserts(unit_rows(3)))
    assert held.nearest(unit_rows(1)[0], 5, offset=3) == []
    assert len(held.nearest(unit_rows(1)[0], 5, offset=2)) == 1


def test_cosine_of_a_row_does_not_depend_on_its_neighbours():
    rows, query = unit_rows(65, 769), unit_rows(1, 769, seed=2)[0]
    together = cosines_of(rows, query)
    assert [float(cosines_of(row[np.newaxis], query)[0]) for row in rows] == together.tolist()

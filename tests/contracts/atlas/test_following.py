"""Points of what came after the map: placed in the background, and nobody else's moves."""

from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sightline.domain.collections import Changeset
from sightline.domain.errors import InvalidRequestError, JobStateError, NoMapError
from sightline.domain.maps import GIVEN, MapOrder
from sightline.stores.duckdb import DuckDbStore
from tests.atlases import NAME, Rig, as_places, at_work
from tests.cartography import QuickCartographer
from tests.records import SPACE, content, item, removals
from tests.waiting import wait_until

MANY = 1000


def grown(home: Path, parts: list[range]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Places before and after items came in some parts, each placed before the next came."""
    with at_work(home) as rig:
        rig.put(range(300))
        assert rig.drawn().state == "done"
        before = rig.places()
        for part in parts:
            rig.put(part)
            wait_until(rig.all_are_placed)
        return before, rig.places()


def test_a_thousand_later_items_move_nobody_and_lie_where_they_would_in_any_order(tmp_path: Path) -> None:
    begin = 5000
    cuts = np.linspace(begin, begin + MANY, 8).astype(int).tolist()
    sevenths = [range(start, end) for start, end in pairwise(cuts)]
    before, at_once = grown(tmp_path / "once", [range(begin, begin + MANY)])
    again, in_seven = grown(tmp_path / "seven", sevenths)
    assert before == again
    assert {one: at_once[one] for one in before} == before
    assert {one: in_seven[one] for one in before} == before
    assert len(at_once) == 300 + MANY
    assert at_once == in_seven


def test_what_came_while_no_server_ran_is_placed_at_the_start(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        assert rig.drawn().state == "done"
        before = rig.places()
        rig.atlas.close()
        rig.put(range(20, 30))
    with at_work(tmp_path) as rig:
        wait_until(rig.all_are_placed)
        assert {one: rig.places()[one] for one in before} == before


def test_what_came_while_the_map_was_drawn_is_placed_afterwards(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.speeds.stage(job.id) == "layout")
        rig.put(range(20, 25))
        rig.cartographer.gate.set()
        wait_until(lambda: rig.ledger.job(job.id).state == "done")
        wait_until(rig.all_are_placed)
        known = rig.record.maps.of(NAME)
        assert known is not None
        assert (known.points, known.edition) == (25, 2)


def test_places_do_not_need_the_files_beside_the_record(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        assert rig.drawn().state == "done"
        rig.put([20])
        wait_until(rig.all_are_placed)
        rig.atlas.forget(NAME)
        rig.put([21])
        wait_until(rig.all_are_placed)


class Stumbling(QuickCartographer):
    """Fails to place once."""

    def place(self, vectors, landmarks, places):  # type: ignore[no-untyped-def]
        self.place = super().place  # type: ignore[method-assign]
        raise KeyError("not foreseen")


def test_a_placing_that_fails_is_tried_again_and_harms_no_job(tmp_path: Path) -> None:
    with at_work(tmp_path, cartographer=Stumbling()) as rig:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.speeds.stage(job.id) == "layout")
        rig.put([20])
        rig.cartographer.gate.set()
        wait_until(lambda: rig.ledger.job(job.id).state == "done")
        wait_until(rig.all_are_placed, 20)


def test_given_places_are_a_map_and_the_rest_is_placed_among_them(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.commit(Changeset(SPACE.fingerprint, [item(77, of=3)]))
        given = {item(number).id: (number / 2, -number) for number in range(10)}
        ids, places = as_places({**given, item(77).id: (99, 99), "nobody": (1, 1)})
        brought = rig.atlas.bring(NAME, ids, places)
        assert (brought.map.drawn.algorithm, brought.map.points) == (GIVEN, 10)
        assert brought.unknown == ["nobody"]
        wait_until(rig.all_are_placed)
        for number in range(10):
            expected = np.array([number / 2, -number], dtype=np.float32).tobytes()
            assert rig.places()[content(number)][:8] == expected


@pytest.mark.parametrize("place", [(float("nan"), 0), (0, float("inf"))])
def test_places_that_are_none_are_refused(tmp_path: Path, place: tuple[float, float]) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(5))
        with pytest.raises(InvalidRequestError, match="finite"):
            rig.atlas.bring(NAME, *as_places({item(0).id: place}))
        with pytest.raises(InvalidRequestError, match="nobody"):
            rig.atlas.bring(NAME, *as_places({"nobody": (0, 0)}))
        with pytest.raises(InvalidRequestError, match="no item"):
            rig.atlas.bring(NAME, *as_places({}))


def test_places_are_not_taken_while_a_map_is_drawn(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(5))
        rig.cartographer.gate.clear()
        rig.atlas.submit(NAME, MapOrder())
        with pytest.raises(JobStateError, match="cancel it first"):
            rig.atlas.bring(NAME, *as_places({item(0).id: (0, 0)}))


def in_duckdb(folder: Path) -> dict[str, tuple[float | None, float | None]]:
    """As a person reads the file when no server has it."""
    with duckdb.connect(folder / "embeddings.duckdb", read_only=True) as connection:
        rows = connection.execute("SELECT item_id, x, y FROM shoes.embeddings").fetchall()
    return {item_id: (x, y) for item_id, x, y in rows}


def expected_in_duckdb(rig: Rig) -> dict[str, tuple[float, float]]:
    places = rig.places()
    return {
        one.id: tuple(np.frombuffer(places[one.sha256][:8], dtype=np.float32).tolist())  # type: ignore[misc]
        for one in rig.record.page(NAME)
    }


def plotted(rig: Rig) -> bool:
    view = rig.views.view(NAME)
    known = rig.record.maps.of(NAME)
    return view.plotted() == (known and (known.mark, rig.record.head(NAME)))  # type: ignore[attr-defined]


def test_duckdb_has_the_places_of_all_items(tmp_path: Path) -> None:
    views = tmp_path / "views"
    with at_work(tmp_path, store=DuckDbStore(views)) as rig:
        rig.put(range(30))
        assert rig.drawn().state == "done"
        wait_until(lambda: plotted(rig))
        rig.put(range(28, 40))  # some are there: their rows are new
        rig.commit(removals(5))
        wait_until(lambda: rig.all_are_placed() and plotted(rig))
        expected = expected_in_duckdb(rig)
    assert in_duckdb(views) == expected
    assert len(expected) == 39


def test_a_view_that_is_made_anew_has_the_places_again(tmp_path: Path) -> None:
    views = tmp_path / "views"
    with at_work(tmp_path, store=DuckDbStore(views)) as rig:
        rig.put(range(30))
        assert rig.drawn().state == "done"
        wait_until(lambda: plotted(rig))
        rig.views.rebuild(NAME)
        wait_until(lambda: rig.views.state(NAME).lag == 0 and plotted(rig))
        other = tmp_path / "other"
        rig.views.switch(DuckDbStore(other), "other")
        wait_until(lambda: plotted(rig))
        expected = expected_in_duckdb(rig)
    assert in_duckdb(views) == in_duckdb(other) == expected


def test_duckdb_has_the_places_of_the_newest_map(tmp_path: Path) -> None:
    views = tmp_path / "views"
    with at_work(tmp_path, store=DuckDbStore(views)) as rig:
        rig.put(range(10))
        assert rig.drawn().state == "done"
        before = expected_in_duckdb(rig)
        given = {item(number).id: (float(number), 7.0) for number in range(5)}
        rig.atlas.bring(NAME, *as_places(given))
        wait_until(lambda: rig.all_are_placed() and plotted(rig))
        expected = expected_in_duckdb(rig)
    assert in_duckdb(views) == expected
    assert not set(before.values()) & set(expected.values())
    assert {one: expected[one] for one in given} == given


def test_without_a_map_duckdb_has_no_places(tmp_path: Path) -> None:
    views = tmp_path / "views"
    with at_work(tmp_path, store=DuckDbStore(views)) as rig:
        rig.put(range(5))
        with pytest.raises(NoMapError):
            rig.atlas.drop(NAME)
        assert rig.drawn().state == "done"
        wait_until(lambda: plotted(rig))
        rig.atlas.drop(NAME)
        wait_until(lambda: plotted(rig))
    assert set(in_duckdb(views).values()) == {(None, None)}

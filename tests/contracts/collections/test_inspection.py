"""What an inspection finds in a real library, and what a repair mends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from sightline.domain.arrays import Float32
from sightline.domain.collections import Item
from sightline.services.collections.inspection import Inspection
from sightline.services.collections.library import Library
from tests.libraries import caught_up, ingested, opened, write_pictures

COUNT = 40


def test_sound_library_is_found_sound_and_every_vector_is_compared(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home") as library:
        ingested(library, tmp_path / "photos")
        caught_up(library)
        assert library.inspection.faults() == []
        verdict = library.inspection.look("photos", at_all=True)
    assert verdict.is_sound
    assert (verdict.items, verdict.held, verdict.compared, verdict.lag) == (COUNT, COUNT, COUNT, 0)


def test_view_that_lost_items_and_has_a_wrong_vector_is_found_and_made_anew(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home") as library:
        ingested(library, tmp_path / "photos")
        caught_up(library)
        lost, wrong, *_ = (item.id for item in library.record.page("photos"))
    with duckdb.connect(str(tmp_path / "home" / "views" / "embeddings.duckdb")) as file:
        file.execute("DELETE FROM photos.embeddings WHERE item_id = ?", [lost])
        turned = "UPDATE photos.embeddings SET vector = list_transform(vector, lambda x: -x)::FLOAT[128]"
        file.execute(f"{turned} WHERE item_id = ?", [wrong])
    with opened(tmp_path / "home") as library:
        verdict = library.inspection.look("photos", at_all=True)
        assert not verdict.is_sound
        assert any(f"2 of {COUNT}" in problem and lost in problem for problem in verdict.problems)
        assert any(f"it holds {COUNT - 1} items" in problem for problem in verdict.problems)
        assert verdict.record_problems == []
        assert library.inspection.repair("photos")
        assert library.inspection.look("photos", at_all=True).is_sound


class ChangedMeanwhile:
    """A record from which something is taken while it is walked through."""

    def __init__(self, library: Library, item_id: str) -> None:
        self._library = library
        self._item_id = item_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library.record, name)

    def walk(self, name: str) -> Iterator[tuple[Item, Float32]]:
        pairs = list(self._library.record.walk(name))
        self._library.remove(name, [self._item_id])
        caught_up(self._library)
        yield from pairs


def test_what_is_removed_meanwhile_is_no_problem(tmp_path: Path) -> None:
    """The sample was taken before: an item that the view has no more is looked up again."""
    write_pictures(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home") as library:
        ingested(library, tmp_path / "photos")
        caught_up(library)
        first, *_ = (item.id for item in library.record.page("photos"))
        record: Any = ChangedMeanwhile(library, first)
        assert Inspection(record, library.views, list).look("photos", at_all=True).is_sound

"""What an inspection finds in a real library, and what a repair mends."""

from pathlib import Path

import duckdb

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


def test_what_is_removed_meanwhile_is_no_problem(tmp_path: Path) -> None:
    """The sample was taken before: an item that the view has no more is looked up again."""
    write_pictures(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home") as library:
        ingested(library, tmp_path / "photos")
        caught_up(library)
        first, *_ = (item.id for item in library.record.page("photos"))
        walk = library.record.walk

        def walked(name: str) -> object:
            pairs = list(walk(name))
            library.remove(name, [first])
            caught_up(library)
            return iter(pairs)

        library.record.walk = walked  # type: ignore[method-assign,assignment]
        assert library.inspection.look("photos", at_all=True).is_sound

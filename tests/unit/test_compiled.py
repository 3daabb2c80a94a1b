"""Where what UMAP compiles is kept. Does not compile anything."""

from pathlib import Path

import pytest

from sightline.bootstrap.atlas import compiled_in


def test_all_libraries_of_a_person_share_what_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    found = {compiled_in(tmp_path / name) for name in ("one", "other")}
    assert found == {tmp_path / "caches" / "sightline" / "compiled"}


def test_a_library_keeps_it_where_its_person_has_no_place_for_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "caches").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert compiled_in(tmp_path / "home") == tmp_path / "home" / "compiled"

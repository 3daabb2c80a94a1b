"""The files in a library's folder that say where its databases are, whole and damaged."""

import os
from pathlib import Path

import pytest

from sightline.domain.errors import SettingsError
from sightline.services.collections.choice import MAX_BYTES, ChosenStore, KeptAddress

ADDRESS = "postgresql://me@host/photos"


def test_an_address_is_read_as_it_was_kept_and_none_where_none_was(tmp_path: Path) -> None:
    kept = KeptAddress(tmp_path / "store")
    assert kept.address is None
    kept.keep(ADDRESS)
    assert kept.address == ADDRESS


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"postgresql://m\xff@host/photos\n", "it is no text in UTF-8"),
        (b"duckdb\nmemory\n", "more than one line"),
        (b"duckdb\0", "control characters"),
        (b"a" * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "store").write_bytes(content)
    with pytest.raises(SettingsError, match=rf"{tmp_path}/store .*{why}.* Put it back from a backup"):
        ChosenStore(tmp_path, None, default="duckdb")


@pytest.mark.timeout(10)
def test_a_pipe_is_no_address_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "store")
    with pytest.raises(SettingsError, match="it is no regular file"):
        ChosenStore(tmp_path, None, default="duckdb")


def test_a_folder_is_no_address(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with pytest.raises(SettingsError, match=r"Put it back from a backup"):
        ChosenStore(tmp_path, None, default="duckdb")

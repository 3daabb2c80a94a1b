from pathlib import Path

import pytest

from sightline.domain.errors import BrokenFileError, ChangedFileError
from sightline.models.lock import Lock, compare, lock_path, read_lock, sha256_of, write_lock

LOCK = Lock("a" * 40, {"model.safetensors": "1" * 64, "tokenizer.json": "2" * 64})


def test_a_lock_is_read_as_it_was_written_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = lock_path(tmp_path, "acme/clip", "refs/pr/7")
    write_lock(path, LOCK)
    assert read_lock(path) == LOCK
    assert [file.name for file in path.parent.iterdir()] == ["acme--clip@refs--pr--7.lock"]


def test_no_lock_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "absent.lock") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "\xff",
        '{"format": 1, "commit": 3, "files": {}}',
        '{"format": 2, "commit": null, "files": {}}',
        '{"format": 1, "commit": null, "files": {"a": 1}}',
    ],
)
def test_a_lock_that_cannot_be_read_is_refused_and_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.lock"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BrokenFileError, match="delete it"):
        read_lock(path)
    assert path.read_text(encoding="latin-1") == text


def test_a_write_that_fails_leaves_the_old_lock(tmp_path: Path) -> None:
    folder = tmp_path / "x.lock"
    folder.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        write_lock(folder, LOCK)
    assert [path.name for path in tmp_path.iterdir()] == ["x.lock"]


def test_a_changed_file_is_named_with_both_hashes() -> None:
    found = {"model.safetensors": "1" * 64, "tokenizer.json": "3" * 64}
    with pytest.raises(
        ChangedFileError, match=f"tokenizer.json has changed.*{'3' * 64}, the lock says {'2' * 64}"
    ):
        compare(found, LOCK.files, source="the lock", remedy="Fetch it again.")


def test_a_file_that_is_gone_is_named() -> None:
    with pytest.raises(ChangedFileError, match=r"tokenizer\.json is gone"):
        compare({"model.safetensors": "1" * 64}, LOCK.files, source="the lock", remedy="")


def test_the_hash_is_that_of_the_standard(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    wanted = (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, its first example
    )
    assert sha256_of(tmp_path / "abc") == wanted

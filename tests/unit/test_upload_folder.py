"""The folder of what came with requests: whole files, open until they are settled."""

import hashlib
from pathlib import Path

import pytest

from sightline.catalogue.uploads import UploadFolder
from sightline.domain.errors import (
    EntryChangedError,
    EntryGoneError,
    RecordBrokenError,
    RecordUnavailableError,
)

DATA = b"a picture"
CONTENT = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path)


def place(home: Path) -> Path:
    return home / "pictures" / CONTENT[:2] / CONTENT


def test_a_content_is_open_until_it_is_settled(uploads: UploadFolder, tmp_path: Path) -> None:
    uploads.bring({CONTENT: DATA})
    assert uploads.undecided() == [CONTENT]
    assert uploads.read(CONTENT) == DATA
    uploads.settle(CONTENT, stays=True)
    assert (uploads.undecided(), list(uploads.contents())) == ([], [CONTENT])
    assert place(tmp_path).read_bytes() == DATA


def test_a_content_that_goes_is_in_no_place_any_more(uploads: UploadFolder, tmp_path: Path) -> None:
    uploads.bring({CONTENT: DATA})
    uploads.settle(CONTENT, stays=True)
    uploads.reopen([CONTENT])
    assert uploads.read(CONTENT) == DATA
    uploads.settle(CONTENT, stays=False)
    with pytest.raises(EntryGoneError):
        uploads.read(CONTENT)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_same_content_twice_is_one_file(uploads: UploadFolder, tmp_path: Path) -> None:
    for _ in range(2):
        uploads.bring({CONTENT: DATA})
        uploads.settle(CONTENT, stays=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [place(tmp_path)]


def test_a_damaged_file_is_not_given_out_and_is_mended_when_it_comes_again(
    uploads: UploadFolder, tmp_path: Path
) -> None:
    uploads.bring({CONTENT: DATA})
    uploads.settle(CONTENT, stays=True)
    place(tmp_path).write_bytes(b"a victure")
    with pytest.raises(EntryChangedError):
        uploads.read(CONTENT)
    uploads.bring({CONTENT: DATA})
    uploads.settle(CONTENT, stays=True)
    assert uploads.read(CONTENT) == DATA


def test_what_was_growing_at_a_crash_is_gone_after_it(uploads: UploadFolder, tmp_path: Path) -> None:
    uploads.bring({CONTENT: DATA})
    growing = tmp_path / "pictures" / "growing" / f"{CONTENT}.abcd"
    growing.write_bytes(DATA[:3])
    assert UploadFolder(tmp_path).undecided() == [CONTENT]
    assert not growing.exists()


def test_only_its_owner_may_look_into_the_folder(uploads: UploadFolder, tmp_path: Path) -> None:
    uploads.bring({CONTENT: DATA})
    uploads.settle(CONTENT, stays=True)
    assert place(tmp_path).stat().st_mode & 0o077 == 0
    assert (tmp_path / "pictures").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_said_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"no folder")
    with pytest.raises(RecordUnavailableError, match="pictures"):
        UploadFolder(tmp_path).bring({CONTENT: DATA})


@pytest.mark.parametrize("name", ["../../evil", "", "ab" * 31, "AB" * 32, f"{CONTENT}\n", "/" + "a" * 63])
def test_what_is_no_sha256_is_no_name_of_a_file(uploads: UploadFolder, tmp_path: Path, name: str) -> None:
    (tmp_path / "evil").write_bytes(b"mine")
    for call in (
        lambda: uploads.bring({name: DATA}),
        lambda: uploads.reopen([name]),
        lambda: uploads.settle(name, stays=False),
        lambda: uploads.has(name),
        lambda: uploads.read(name),
    ):
        with pytest.raises(RecordBrokenError, match="64 hex digits"):
            call()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["evil"]

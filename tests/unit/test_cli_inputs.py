import io
import os

import pytest

from sightline.cli.embed.inputs import count, pictures, texts
from sightline.domain.errors import InvalidRequestError
from sightline.services.jobs import Picture, Text

NOTHING = io.BytesIO()


@pytest.fixture
def folder(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", "deep/er/c.webp", ".hidden.png", ".cache/d.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def ids(items):
    return [item.id for item in items]


def test_folder_gives_its_pictures_at_any_depth_in_order_of_name(folder):
    expected = [str(folder / name) for name in ("a.png", "b.JPG", "deep/er/c.webp")]
    assert ids(pictures([str(folder)], NOTHING)) == expected


def test_named_file_is_taken_whatever_it_is_called(folder):
    path = str(folder / "notes.txt")
    [item] = pictures([path], NOTHING)
    assert item.asked == Picture(path)


def test_links_to_folders_are_not_followed_so_that_a_circle_ends(folder):
    (folder / "deep" / "circle").symlink_to(folder)
    assert count(pictures([str(folder)], NOTHING)) == 3


def test_missing_path_is_an_error_that_names_it():
    with pytest.raises(InvalidRequestError, match=r"nowhere\.png"):
        list(pictures(["nowhere.png"], NOTHING))


def test_stdin_is_a_list_of_paths_without_blank_lines():
    lines = io.BytesIO(b"one.jpg\r\n\n  \ntwo three.jpg\n")
    assert ids(pictures(["-"], lines)) == ["one.jpg", "two three.jpg"]


def test_path_that_is_not_utf8_is_opened_as_it_is_and_has_a_readable_id():
    [item] = pictures(["-"], io.BytesIO(b"caf\xe9.jpg\n"))
    assert item.id == r"caf\xe9.jpg"
    assert os.fsencode(item.asked.source) == b"caf\xe9.jpg"


def test_texts_are_lines_of_files_and_of_stdin(tmp_path):
    (tmp_path / "queries.txt").write_text("a red dress\n\nein grünes Sofa", encoding="utf-8")
    items = list(texts([str(tmp_path / "queries.txt"), "-"], io.BytesIO(b" a mug \n")))
    assert ids(items) == ["a red dress", "ein grünes Sofa", "a mug"]
    assert items[2].asked == Text("a mug")


def test_line_that_is_not_utf8_fails_alone():
    first, second, third = texts(["-"], io.BytesIO(b"good\nbad \xff\ngood too\n"))
    assert isinstance(second.asked, InvalidRequestError)
    assert [first.asked, third.asked] == [Text("good"), Text("good too")]


def test_texts_are_not_read_off_a_folder(tmp_path):
    with pytest.raises(InvalidRequestError, match="--text"):
        list(texts([str(tmp_path)], NOTHING))

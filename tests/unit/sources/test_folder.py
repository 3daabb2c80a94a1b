"""Scans of folders: what is found, in which order, and what is passed over without a wait."""

import os
import socket
from pathlib import Path

import pytest

from sightline.domain.entries import Entry
from sightline.domain.errors import (
    EntryChangedError,
    EntryError,
    EntryGoneError,
    ImageBytesError,
    OutsideSourceError,
    SourceError,
)
from sightline.sources.folder import MAX_DEPTH, FolderSource
from sightline.sources.options import SourceOptions
from sightline.sources.selection import Selection


def place(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def opened(root, **choice):
    return FolderSource(str(root), SourceOptions(selection=Selection(**choice)))


def keys(source):
    return [entry.key for entry in source.scan()]


def test_pictures_at_any_depth_come_in_an_order_that_repeats(tmp_path):
    place(tmp_path, "b.JPG", "a/2.png", "a/10.png", "ä.webp", "notes.txt", "Z.tiff", "a.gif")
    expected = ["Z.tiff", "a/10.png", "a/2.png", "a.gif", "b.JPG", "ä.webp"]
    assert keys(opened(tmp_path)) == keys(opened(tmp_path)) == expected


def test_the_order_is_that_of_bytes_also_among_names_that_are_not_utf8(tmp_path):
    for name in (b"\xff.jpg", "\N{GRINNING FACE}.jpg".encode(), b"z.jpg"):
        (tmp_path / os.fsdecode(name)).touch()
    assert keys(opened(tmp_path)) == ["z.jpg", "\N{GRINNING FACE}.jpg", "//%FF.jpg"]


def test_an_entry_says_where_it_is_how_large_and_when_it_changed(tmp_path):
    place(tmp_path, "shoes/red 1.jpg")
    os.utime(tmp_path / "shoes/red 1.jpg", ns=(5, 7))
    [entry] = opened(tmp_path).scan()
    assert entry == Entry(
        "shoes/red 1.jpg", f"file://{tmp_path}/shoes/red%201.jpg", 15, 7, {"folder": "shoes"}
    )


def test_what_was_scanned_is_read_by_another_instance(tmp_path):
    place(tmp_path, "a/1.jpg", "2.jpg")
    entries = list(opened(tmp_path).scan())
    assert [opened(tmp_path).read(entry) for entry in entries] == [b"2.jpg", b"a/1.jpg"]


def test_globs_choose_names_and_close_folders(tmp_path):
    place(tmp_path, "a/1.jpg", "a/2.png", "b/1.jpg", "thumbs/1.jpg", "c.data")
    assert keys(opened(tmp_path, exclude=["thumbs", "*.png"])) == ["a/1.jpg", "b/1.jpg"]
    assert keys(opened(tmp_path, include=["a/*", "*.data"])) == ["a/1.jpg", "a/2.png", "c.data"]


def test_hidden_names_are_taken_only_when_asked_for(tmp_path):
    place(tmp_path, ".a.jpg", ".cache/b.jpg", "c.jpg")
    assert keys(opened(tmp_path)) == ["c.jpg"]
    assert keys(opened(tmp_path, hidden=True)) == [".a.jpg", ".cache/b.jpg", "c.jpg"]


def test_a_name_outside_the_selection_is_not_read_either(tmp_path):
    names = ("secret.txt", ".env.jpg", ".cache/a.jpg", "thumbs/deep/a.jpg")
    place(tmp_path, *names)
    for name in names:
        with pytest.raises(OutsideSourceError):
            opened(tmp_path, exclude=["thumbs"]).read(Entry(name, ""))


def test_a_name_that_is_not_utf8_has_a_key_of_plain_text_and_is_read(tmp_path):
    names = [b"caf\xe9.jpg", b"caf%E9.jpg", "café.jpg".encode()]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    entries = list(opened(tmp_path).scan())
    assert {entry.key for entry in entries} == {"//caf%E9.jpg", "caf%E9.jpg", "café.jpg"}
    assert {opened(tmp_path).read(entry) for entry in entries} == set(names)
    for entry in entries:
        (entry.key + entry.uri + str(entry.metadata)).encode()


@pytest.mark.timeout(10)
def test_pipes_sockets_and_devices_are_counted_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    try:
        os.mknod(tmp_path / "zero.png", 0o20666, os.makedev(1, 5))
        devices = 1
    except PermissionError:  # only root makes devices
        devices = 0
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.png"))
        place(tmp_path, "a.jpg")
        source = opened(tmp_path)
        assert keys(source) == ["a.jpg"]
    expected = {"pipes": 1, "sockets": 1, "links": 1}
    assert source.left_out == expected | ({"devices": 1} if devices else {})


def test_links_in_the_root_are_counted_and_not_followed(tmp_path):
    place(tmp_path, "in/a.jpg")
    (tmp_path / "link.jpg").symlink_to("in/a.jpg")
    (tmp_path / "circle").symlink_to(".")
    source = opened(tmp_path)
    assert keys(source) == ["in/a.jpg"]
    assert source.left_out == {"links": 2}


def test_what_the_names_leave_out_is_counted_by_the_reason(tmp_path):
    place(tmp_path, "a.jpg", "notes.txt", "more.pdf", ".hidden.jpg", ".folder/in.jpg", "drafts/b.jpg")
    source = opened(tmp_path, exclude=("draft*",))
    assert keys(source) == ["a.jpg"]
    assert source.left_out == {"files of other kinds": 2, "hidden": 2, "excluded": 1}
    source = opened(tmp_path, include=("*.pdf",), hidden=True)
    assert keys(source) == ["more.pdf"]
    assert source.left_out == {"files not included": 5}


def test_the_root_itself_may_be_a_link(tmp_path):
    place(tmp_path, "real/a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert keys(opened(tmp_path / "link")) == ["a.jpg"]


def test_folders_too_deep_are_counted_and_no_handle_is_left_open(tmp_path):
    deep = tmp_path / "/".join(["d"] * (MAX_DEPTH + 1))
    place(deep, "too-deep.jpg")
    place(deep.parent, "deep.jpg")
    source = opened(tmp_path)
    before = len(list(Path("/dev/fd").iterdir()))
    [entry] = source.scan()
    assert entry.key == "d/" * MAX_DEPTH + "deep.jpg"
    assert opened(tmp_path).read(entry) == b"deep.jpg"
    assert source.left_out == {f"folders deeper than {MAX_DEPTH}": 1}
    scan = opened(tmp_path).scan()
    next(scan)
    scan.close()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_picture_that_went_changed_or_grew_fails_alone(tmp_path):
    place(tmp_path, "changed.jpg", "gone.jpg", "kept.jpg", "large.jpg")
    source = FolderSource(str(tmp_path), SourceOptions(max_image_bytes=11))
    changed, gone, kept, large = source.scan()
    (tmp_path / "gone.jpg").unlink()
    (tmp_path / "changed.jpg").write_bytes(b"other")
    (tmp_path / "large.jpg").write_bytes(b"twelve bytes")
    for entry, error in ((gone, EntryGoneError), (changed, EntryChangedError), (large, ImageBytesError)):
        with pytest.raises(error, match=entry.key):
            source.read(entry)
    assert source.read(kept) == b"kept.jpg"


def test_a_change_of_equal_length_is_seen_by_its_time(tmp_path):
    place(tmp_path, "a.jpg")
    source = opened(tmp_path)
    [entry] = source.scan()
    (tmp_path / "a.jpg").write_bytes(b"b.jpg")
    os.utime(tmp_path / "a.jpg", ns=(1, 1))
    with pytest.raises(EntryChangedError, match="scan again"):
        source.read(entry)


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    place(tmp_path, "file.jpg")
    for address in ("nowhere", "file.jpg", "nul\0"):
        with pytest.raises(SourceError, match="folder"):
            opened(tmp_path / address)


def test_what_the_system_refuses_is_told_in_our_words(tmp_path):
    with pytest.raises(EntryError) as refusal:
        opened(tmp_path).read(Entry("a/b.jpg", ""))
    assert "Errno" not in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)

"""A store of files elsewhere, played by fsspec's own in memory."""

from collections.abc import Iterator

import fsspec
import pytest

from sightline.domain.entries import Entry
from sightline.domain.errors import (
    EntryChangedError,
    EntryGoneError,
    ImageBytesError,
    OutsideSourceError,
    SourceError,
)
from sightline.registry import source_class
from sightline.sources.options import SourceOptions
from sightline.sources.remote import RemoteSource, _changed_ns
from sightline.sources.selection import Selection


@pytest.fixture
def files() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    for name in ("b.png", "a.jpg", "sub/c.png", "sub/.hidden/d.png", "notes.txt", "other/e.png"):
        files.pipe(f"/shop/{name}", name.encode())
    yield files
    files.rm("/shop", recursive=True)


def source(**options: object) -> RemoteSource:
    return RemoteSource("memory://shop", SourceOptions(**options), protocols=["memory"])  # type: ignore[arg-type]


def test_pictures_come_in_order_with_size_and_time_and_are_read_by_their_key(
    files: fsspec.AbstractFileSystem,
) -> None:
    remote = source(selection=Selection(exclude=["other"]))
    entries = list(remote.scan())
    assert [entry.key for entry in entries] == ["a.jpg", "b.png", "sub/c.png"]
    assert entries[2].uri.startswith("memory://")
    assert entries[2].metadata == {"folder": "sub"}
    assert [entry.size_bytes for entry in entries] == [5, 5, 9]
    assert remote.read(Entry(entries[2].key, entries[2].uri)) == b"sub/c.png"
    assert [entry.key for entry in remote.scan()] == [entry.key for entry in entries]


def test_what_changed_is_gone_or_is_too_large_fails_alone(files: fsspec.AbstractFileSystem) -> None:
    remote = source(max_image_bytes=8)
    first, second, *_ = remote.scan()
    files.pipe("/shop/a.jpg", b"changed")
    with pytest.raises(EntryChangedError):
        remote.read(first)
    assert remote.read(remote.fresh(first)) == b"changed"
    files.rm("/shop/b.png")
    with pytest.raises(EntryGoneError):
        remote.read(second)
    with pytest.raises(ImageBytesError, match="more than 8 bytes"):
        remote.read(Entry("sub/c.png", ""))
    for key in ("../x.png", "sub/../../x.png", "notes.txt"):
        with pytest.raises(OutsideSourceError):
            remote.read(Entry(key, ""))


@pytest.mark.parametrize(
    "address",
    [
        "http://host/a",
        "https://host/a",
        "file:///etc",
        "memory://a",
        "simplecache::s3://a",
        "s3://a::file:///etc",
    ],
)
def test_addresses_that_lead_elsewhere_are_no_source(address: str) -> None:
    with pytest.raises(SourceError):
        source_class(address)(address, SourceOptions())


def test_nothing_at_the_address_is_said_at_the_scan() -> None:
    remote = RemoteSource("memory://nowhere", SourceOptions(), protocols=["memory"])
    with pytest.raises(SourceError, match="nothing at"):
        list(remote.scan())


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(SourceError, match="package of its own"):
        source_class("s3://bucket/photos")("s3://bucket/photos", SourceOptions())


def test_where_no_time_is_told_the_version_is_as_good() -> None:
    assert _changed_ns({"mtime": 1.5}) == 1_500_000_000
    assert _changed_ns({"ETag": "a"}) != _changed_ns({"ETag": "b"})
    assert _changed_ns({"size": 3}) is None

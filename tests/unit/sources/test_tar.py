"""Tar archives: names do nothing, sizes are bounded, and what is packed is read in any order."""

import gzip
import io
import os
import random
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.domain.errors import (
    EntryChangedError,
    EntryGoneError,
    ImageBytesError,
    InputError,
    SourceError,
)
from sightline.sources import gunzipped, tar
from sightline.sources.gunzipped import Gunzipped
from sightline.sources.options import SourceOptions
from sightline.sources.tar import TarSource
from sightline.sources.tar_members import members
from tests.unit.sources.opens import recorded_opens


def archive(path, files, **how):
    """files: names and contents, or TarInfo that have none."""
    with tarfile.open(path, how.pop("mode", "w"), **how) as made:
        for name, content in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content or b"")
            made.addfile(info, io.BytesIO(content) if content else None)
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, None


sources: list[TarSource] = []


def opened(path, **choice):
    sources.append(TarSource(str(path), SourceOptions(**choice)))
    return sources[-1]


@pytest.fixture(autouse=True)
def _closed():
    yield
    while sources:
        sources.pop().close()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_pictures_are_listed_and_read_in_any_order_by_another_instance(tmp_path, mode, form):
    long = "deep/" * 17 + "er/" + "x" * 90 + ".png"
    files = [("b.jpg", b"b"), ("readme.txt", b"no"), (long, b"long"), ("ä/ö.webp", b"umlaut" * 1000)]
    path = archive(tmp_path / "a.tar", files, mode=mode, format=form)
    entries = list(opened(path).scan())
    assert [entry.key for entry in entries] == ["b.jpg", long, "ä/ö.webp"]
    other = opened(path)
    assert [other.read(entry) for entry in reversed(entries)] == [b"umlaut" * 1000, b"long", b"b"]
    assert entries[0].uri == f"file://{path}#b.jpg"


def test_names_that_would_lead_elsewhere_are_only_names(tmp_path):
    names = ["../../etc/passwd.jpg", "/etc/passwd.jpg", "//x.jpg", "a/../b.jpg", "caf\udce9.jpg", "a\nb.jpg"]
    path = archive(
        tmp_path / "a.tar", [(name, b"in") for name in names], encoding="utf-8", errors="surrogateescape"
    )
    source = opened(path)
    with recorded_opens() as opens:
        entries = list(source.scan())
        assert {source.read(entry) for entry in entries} == {b"in"}
    assert {str(name) for name, _ in opens} == {str(path)}
    assert len({entry.key for entry in entries}) == len(names)
    for entry in entries:
        (entry.key + entry.uri).encode()


def test_what_is_no_file_is_counted_and_a_leading_dot_is_nothing(tmp_path):
    files = [
        special("link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard.jpg", tarfile.LNKTYPE, "a.jpg"),
        special("pipe.jpg", tarfile.FIFOTYPE),
        special("zero.jpg", tarfile.CHRTYPE),
        ("./a.jpg", b"a"),
        ("./._a.jpg", b"left behind by a Mac"),
    ]
    source = opened(archive(tmp_path / "a.tar", files))
    assert [entry.key for entry in source.scan()] == ["a.jpg"]
    assert source.left_out == {"links": 2, "pipes": 1, "devices": 1, "hidden": 1}


def test_of_files_with_one_name_the_last_counts(tmp_path):
    path = archive(tmp_path / "a.tar", [("a.jpg", b"old"), ("b.jpg", b"b"), ("a.jpg", b"new!")])
    assert [(e.key, opened(path).read(e)) for e in opened(path).scan()] == [
        ("b.jpg", b"b"),
        ("a.jpg", b"new!"),
    ]


def test_a_picture_beyond_the_limit_fails_alone(tmp_path):
    path = archive(tmp_path / "a.tar.gz", [("l.jpg", b"x" * 101), ("s.jpg", b"x" * 100)], mode="w:gz")
    source = opened(path, max_image_bytes=100)
    large, small = source.scan()
    with pytest.raises(ImageBytesError, match="101 bytes"):
        source.read(large)
    assert source.read(small) == b"x" * 100


def test_an_archive_that_was_replaced_gives_no_other_picture(tmp_path):
    path = archive(tmp_path / "a.tar", [("a.jpg", b"old"), ("b.jpg", b"old")])
    os.utime(path, ns=(1, 1))
    source = opened(path)
    first, second = source.scan()
    archive(path, [("a.jpg", b"new")])
    with pytest.raises(EntryChangedError):
        source.read(first)
    with pytest.raises(EntryGoneError):
        source.read(second)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_bomb_is_refused_before_it_has_grown(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(gunzipped, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(tar, "MAX_MEMBERS", 1000)
    many = archive(tmp_path / "many.tar", [(f"{n}.jpg", b"") for n in range(1001)], mode=mode)
    with pytest.raises(SourceError, match=r"split it|times its size"):
        list(opened(many).scan())


def test_a_gzip_bomb_is_refused_at_the_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(gunzipped, "FREE_BYTES", 1 << 20)
    path = archive(tmp_path / "a.tar.gz", [("a.jpg", bytes(50 << 20)), ("b.jpg", b"b")], mode="w:gz")
    with pytest.raises(SourceError, match="200 times"):
        list(opened(path).scan())


def test_a_header_that_claims_a_gigabyte_is_not_taken_in(tmp_path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    with pytest.raises(SourceError, match="1073741824 bytes"):
        list(opened(tmp_path / "a.tar").scan())


@pytest.mark.parametrize("size", [-512, 1 << 62, (1 << 33) + 7])
def test_sizes_that_lead_back_or_far_away_end_the_scan(tmp_path, size):
    info = tarfile.TarInfo("a.jpg")
    info.size = size
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(SourceError, match=r"cut short|no number"):
        list(opened(tmp_path / "a.tar").scan())


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_cut_short_is_told(tmp_path, mode):
    noise = random.Random(1).randbytes
    path = archive(tmp_path / "a.tar", [("a.jpg", noise(20_000)), ("b.jpg", noise(20_000))], mode=mode)
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(SourceError, match="cut short"):
        list(opened(path).scan())


@pytest.mark.timeout(10)
def test_what_is_no_archive_is_told(tmp_path):
    (tmp_path / "text.tar").write_bytes(b"hello")
    (tmp_path / "zeros.tar").write_bytes(bytes(10_240))
    os.mkfifo(tmp_path / "pipe.tar")
    with pytest.raises(SourceError, match="no tar archive"):
        list(opened(tmp_path / "text.tar").scan())
    for name in ("pipe.tar", "nowhere.tar"):
        with pytest.raises(SourceError, match="there is no archive"):
            opened(tmp_path / name)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 3000), st.booleans())
def test_damage_anywhere_ends_in_our_words(tmp_path_factory, damage, at, packed):
    path = tmp_path_factory.mktemp("tar") / "a.tar"
    archive(path, [("a" * 120 + ".jpg", b"abc"), ("b.jpg", b"b" * 600)], mode="w:gz" if packed else "w")
    content = bytearray(path.read_bytes())
    content[at : at + len(damage)] = damage
    path.write_bytes(content)
    try:
        source = opened(path)
        for entry in source.scan():
            source.read(entry)
    except InputError:
        pass


def test_going_back_in_gzip_costs_a_part_and_gives_the_same(monkeypatch):
    monkeypatch.setattr(gunzipped, "MARK_EVERY_BYTES", 200_000)
    whole = random.Random(2).randbytes(1_500_000)
    packed = gzip.compress(whole[:700_000]) + gzip.compress(whole[700_000:]) + bytes(512)
    file = Gunzipped(io.BytesIO(packed))
    turns = random.Random(3)
    for _ in range(200):
        at, count = turns.randrange(1_600_000), turns.randrange(100_000)
        file.seek(at)
        assert file.read(count) == whole[at : at + count]


def test_our_reader_finds_what_the_standard_one_does(tmp_path):
    turns = random.Random(5)
    names = ["".join(turns.choices("ab/é.", k=turns.randrange(1, 200))) for _ in range(200)]
    path = archive(tmp_path / "a.tar", [(name, turns.randbytes(turns.randrange(1, 2000))) for name in names])
    with path.open("rb") as file, tarfile.open(path) as standard:
        ours = [(m.name.rstrip("/"), m.offset, m.size_bytes) for m in members(file)]
        assert ours == [(m.name, m.offset_data, m.size) for m in standard]

"""Nothing outside a source's folder is read: names that try to leave it, and links slipped in meanwhile."""

import contextlib
import os
import random
import socket
import threading

import pytest

from sightline.domain.entries import Entry
from sightline.domain.errors import EntryError, InputError
from sightline.sources.folder import FolderSource
from sightline.sources.options import SourceOptions
from sightline.sources.root import Root
from sightline.sources.selection import Selection
from tests.unit.sources.opens import leaves, recorded_opens

CANARY = b"canary: this file lies outside"
EVERYTHING = SourceOptions(selection=Selection(include=["*"], hidden=True))
DEVICES = ("/dev/zero", "/dev/random", "/dev/stdin", "/dev/tty", "/dev/fd/0")
# {outside} is the folder of the canary, {root} that of the source; both are filled in
VECTORS = [
    "../outside/canary.jpg",
    "..",
    ".",
    "",
    "/",
    "//",
    "../",
    "./in.jpg",
    "in.jpg/",
    "sub/../in.jpg",
    "sub/../../outside/canary.jpg",
    "sub/./../../outside/canary.jpg",
    "sub//../../outside/canary.jpg",
    "..//outside/canary.jpg",
    "../root/in.jpg",
    "../root/../outside/canary.jpg",
    "....//outside/canary.jpg",
    "..././outside/canary.jpg",
    "{outside}/canary.jpg",
    "/{outside}/canary.jpg",
    "//{outside}/canary.jpg",
    "file://{outside}/canary.jpg",
    "file:{outside}/canary.jpg",
    "FILE://{outside}/canary.jpg",
    "%2e%2e/outside/canary.jpg",
    "%2e%2e%2foutside%2fcanary.jpg",
    "..%2foutside%2fcanary.jpg",
    "%252e%252e%252foutside%252fcanary.jpg",
    "..%c0%afoutside/canary.jpg",
    "//%2e%2e/outside/canary.jpg",
    "//%2e%2e%2foutside%2fcanary.jpg",
    "//%2Fetc%2Fpasswd",
    "//link.jpg%00",
    "..\\outside\\canary.jpg",
    "\\\\outside\\canary.jpg",
    "C:\\outside\\canary.jpg",
    "\uff0e\uff0e/outside/canary.jpg",
    "..\u2215outside\u2215canary.jpg",
    "in.jpg\0",
    "\0",
    "../outside/canary.jpg\0.jpg",
    "in\0/../../outside/canary.jpg",
    "link.jpg",
    "chain.jpg",
    "dangling.jpg",
    "folder-link/canary.jpg",
    "sub/up/outside/canary.jpg",
    "absolute-link/canary.jpg",
    "self/self/self/in.jpg",
    "IN.JPG",
    "Sub/inner.jpg",
    "~/canary.jpg",
    "~root/.bashrc",
    "$HOME/canary.jpg",
    "/proc/self/environ",
    "/proc/self/fd/0",
    "/proc/self/root/{outside}/canary.jpg",
    "/proc/self/cwd/canary.jpg",
    "proc/self/fd/0",
    "proc-link/self/environ",
    "fd-link/0",
    "/etc/passwd",
    "/dev/zero",
    "zero-link.jpg",
    "pipe.jpg",
    "device.jpg",
    "socket.jpg",
    "sub",
    "a" * 5000,
    "a/" * 2500 + "a.jpg",
    "../" * 1667 + "etc/passwd",
    "\udcff\udcfe.jpg",
    "\ud800.jpg",
    "../outside/caf\udce9.jpg",
    "sub\n/inner.jpg",
    "in.jpg ",
    " in.jpg",
]


@pytest.fixture
def root(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    for folder in (outside, root / "sub"):
        folder.mkdir(parents=True)
    (outside / "canary.jpg").write_bytes(CANARY)
    (outside / os.fsdecode(b"caf\xe9.jpg")).write_bytes(CANARY)
    (root / "in.jpg").write_bytes(b"inside")
    (root / "sub/inner.jpg").write_bytes(b"inside")
    links = {
        "link.jpg": "../outside/canary.jpg",
        "chain.jpg": "link.jpg",
        "dangling.jpg": "nowhere",
        "folder-link": "../outside",
        "sub/up": "../..",
        "absolute-link": str(outside),
        "self": ".",
        "proc-link": "/proc",
        "fd-link": "/proc/self/fd",
        "zero-link.jpg": "/dev/zero",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket.jpg"))
    if os.geteuid() == 0:
        os.mknod(root / "device.jpg", 0o20666, os.makedev(1, 5))
    return root


@pytest.mark.timeout(10)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector)[:60])
def test_no_name_leads_out_of_the_root(root, vector):
    name = vector.format(outside=root.parent / "outside", root=root) if "{" in vector else vector
    source = FolderSource(str(root), EVERYTHING)
    with recorded_opens() as opened, pytest.raises(InputError) as refusal:
        source.read(Entry(name, ""))
    assert leaves(opened, str(root)) == []
    assert isinstance(refusal.value, EntryError)
    assert len(str(refusal.value)) < 2000


@pytest.mark.timeout(10)
def test_a_scan_of_a_hostile_folder_reads_what_is_inside_and_opens_nothing_else(root):
    source = FolderSource(str(root), EVERYTHING)
    with recorded_opens() as opened:
        entries = list(source.scan())
        contents = [source.read(entry) for entry in entries]
    assert [entry.key for entry in entries] == ["in.jpg", "sub/inner.jpg"]
    assert set(contents) == {b"inside"}
    assert leaves(opened, str(root)) == []


def test_a_hard_link_is_a_file_of_the_root_like_any_other(root):
    """By policy: it cannot be told from the file, and to make one takes the right to the file."""
    os.link(root.parent / "outside/canary.jpg", root / "hard.jpg")
    assert Root(root).read("hard.jpg", 1000, None) == CANARY


@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", ["file", "folder", "pipe"])
def test_swapping_a_link_in_again_and_again_gets_nothing_from_outside(root, what):
    """A file, its folder or a pipe takes turns with a link to the canary while it is scanned and read."""
    stop = threading.Event()
    swapper = threading.Thread(target=SWAPS[what], args=(root, stop))
    swapper.start()
    source = FolderSource(str(root), EVERYTHING)
    seen: set[bytes] = set()
    try:
        for _ in range(1000):
            for entry in source.scan():
                collect(source, entry, seen)
            for key in ("sub/inner.jpg", "in.jpg", "sub/canary.jpg"):
                collect(source, Entry(key, ""), seen)
    finally:
        stop.set()
        swapper.join()
    assert b"inside" in seen
    assert all(b"inside".startswith(part) for part in seen)  # a file half written is inside too


def collect(source, entry, seen):
    with contextlib.suppress(EntryError):
        seen.add(source.read(entry))


def swap_file(root, stop):
    turns = random.Random(4)
    while not stop.is_set():
        new = root / f"new{turns.random()}"
        if turns.random() < 0.5:
            new.symlink_to("../outside/canary.jpg")
        else:
            new.write_bytes(b"inside")
        new.replace(root / "in.jpg")


def swap_folder(root, stop):
    while not stop.is_set():
        (root / "sub").rename(root / "real")
        (root / "sub").symlink_to("../outside")
        (root / "sub").unlink()
        (root / "real").rename(root / "sub")


def swap_pipe(root, stop):
    while not stop.is_set():
        os.mkfifo(root / "new")
        (root / "new").replace(root / "in.jpg")
        (root / "new").write_bytes(b"inside")
        (root / "new").replace(root / "in.jpg")


SWAPS = {"file": swap_file, "folder": swap_folder, "pipe": swap_pipe}

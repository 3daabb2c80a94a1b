"""Lock files: which commit of a repository was fetched first, and the sha256 of each file. Knows no models.

A hub repository's lock lies in the cache, so that it is copied with it; a folder's lock lies in the folder.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from sightline.disk import sync
from sightline.domain.errors import BrokenFileError, ChangedFileError

FOLDER_LOCK = "sightline.lock"
FORMAT = 1

Verdict = Literal["matches the lock", "locked on first use", "not locked"]


@dataclass(frozen=True)
class Lock:
    """commit: the hub's, None for a folder. files: name -> sha256 in hex."""

    commit: str | None
    files: Mapping[str, str]


def lock_path(cache: Path, repo: str, revision: str) -> Path:
    """Where the lock of a hub repository at a revision lies."""
    return cache / ".sightline" / f"{repo.replace('/', '--')}@{revision.replace('/', '--')}.lock"


def read_lock(path: Path) -> Lock | None:
    """The lock, or None when there is none yet.

    Raises BrokenFileError: the file is no lock. It is not replaced: that would accept whatever is there now.
    """
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise BrokenFileError(f"the lock {path} cannot be read: {exc.strerror}") from exc
    try:
        document = json.loads(text)
        commit, files = document["commit"], document["files"]
    except (ValueError, RecursionError, TypeError, KeyError) as exc:
        raise _broken(path) from exc
    named = isinstance(files, dict) and all(isinstance(digest, str) for digest in files.values())
    if not named or not isinstance(commit, str | None) or document.get("format") != FORMAT:
        raise _broken(path)
    return Lock(commit, files)


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock whole or not at all, and safe from a power cut.

    Raises OSError: the place cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, **asdict(lock)}, indent=1, sort_keys=True) + "\n"
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f"{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    with contextlib.suppress(OSError):  # a disk that cannot tell loses the name at worst, not the lock's text
        sync(path.parent)


def sha256_of(path: Path) -> str:
    """sha256 of a file in hex. 605 MB take 0.4 s where the CPU has SHA instructions; the GIL is released.

    Raises BrokenFileError: the file cannot be read to its end.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise BrokenFileError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}") from exc


def compare(found: Mapping[str, str], expected: Mapping[str, str], *, source: str, remedy: str) -> None:
    """Raises ChangedFileError: a file that `source` knows has another sha256, or is not there any more."""
    for name, digest in expected.items():
        if name not in found:
            raise ChangedFileError(f"{name} is gone, and {source} has it with sha256 {digest}. {remedy}")
        if found[name] != digest:
            raise ChangedFileError(
                f"{name} has changed: its sha256 is {found[name]}, {source} says {digest}. {remedy}"
            )


def _broken(path: Path) -> BrokenFileError:
    return BrokenFileError(
        f"{path} is no lock of format {FORMAT}. If you trust the files it stands for, delete it: "
        "the next load writes it anew"
    )

"""Which names of a folder or an archive are taken. Opens no file, and does not know whether one is there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from posixpath import splitext

# Only for choosing names. Whether a file is a picture is decided by its content.
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
)


@dataclass(frozen=True)
class Selection:
    """Globs over names relative to the source: * stands for any characters, / among them.

    include: what is taken; without any, every name with a picture's suffix.
    exclude: what is not, though included. A folder that matches is not entered.
    Names that begin with a dot, and what lies in such folders, are left out unless hidden is set.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    hidden: bool = False

    def takes(self, name: str) -> bool:
        """Whether a file of this name is taken: it, and every folder that it is in."""
        ends = [at for at, letter in enumerate(name) if letter == "/"]
        if not all(self.enters(name[:end]) for end in [*ends, len(name)]):
            return False
        if self._included is None:
            return splitext(name)[1].lower() in SUFFIXES
        return self._included.match(name) is not None

    def enters(self, name: str) -> bool:
        """Whether a folder of this name, itself in folders that are entered, is looked into."""
        last = name.rpartition("/")[2]
        if not self.hidden and last.startswith(".") and last.strip("."):
            return False
        return self._excluded is None or self._excluded.match(name) is None

    def why_not(self, name: str) -> str:
        """Of a name that is not taken, or not entered: in words that a count can stand before."""
        if not self.hidden and any(part.startswith(".") and part.strip(".") for part in name.split("/")):
            return "hidden"
        if self._excluded is not None and self._excluded.match(name):
            return "excluded"
        return "files not included" if self.include else "files of other kinds"

    @cached_property
    def _included(self) -> re.Pattern[str] | None:
        return _any_of(self.include)

    @cached_property
    def _excluded(self) -> re.Pattern[str] | None:
        return _any_of(self.exclude)


def _any_of(globs: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, globs))) if globs else None

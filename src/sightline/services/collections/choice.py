"""Which store the views are in, remembered in the library's folder. Does not know the stores."""

import os
import re
import stat
from pathlib import Path

from sightline.disk import sync
from sightline.domain.errors import SettingsError
from sightline.domain.items import UNPRINTABLE

FILE_NAME = "store"
MAX_BYTES = 4096
_PASSWORD = re.compile(r"(://[^/@:]*):[^@]*@")


class KeptAddress:
    """An address in a file. It can hold a password, so only the file's owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def address(self) -> str | None:
        """None: none was kept. Raises SettingsError: the file holds none."""
        try:
            # a pipe would be waited for; it is told below for what it is
            with open(self._path, "rb", opener=_without_waiting) as file:
                is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                content = file.read(MAX_BYTES + 1) if is_file else b""
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error.strerror or type(error).__name__) from error
        if not is_file:
            raise self._unreadable("it is no regular file")
        if len(content) > MAX_BYTES:
            raise self._unreadable(f"it has more than {MAX_BYTES} bytes")
        try:
            address = content.decode().strip()
        except UnicodeDecodeError as error:
            raise self._unreadable("it is no text in UTF-8") from error
        if UNPRINTABLE.search(address):
            raise self._unreadable("it has control characters, or more than one line")
        return address or None

    def keep(self, address: str) -> None:
        """Instead of the one before, whole or not at all."""
        if address == self.address:
            return
        new = self._path.with_name(f"{self._path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(address + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        sync(self._path.parent)

    def _unreadable(self, why: str) -> SettingsError:
        return SettingsError(
            f"{self._path} should hold one line, the address of a store or database, and cannot be read: "
            f"{why}. Put it back from a backup, or take it away and set SIGHTLINE_STORE to the address"
        )


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has no such pipes


class ChosenStore:
    """The setting where there is one, else what was chosen last, else the default."""

    def __init__(self, folder: Path, setting: str | None, *, default: str) -> None:
        self._kept = KeptAddress(folder / FILE_NAME)
        self._setting = setting
        self.address = setting or self._kept.address or default

    @staticmethod
    def is_kept(folder: Path) -> bool:
        """Whether a store was chosen for the library in a folder."""
        return KeptAddress(folder / FILE_NAME).address is not None

    def require_free(self) -> None:
        """Raises SettingsError: the choice is not ours to make."""
        if self._setting:
            raise SettingsError(
                "SIGHTLINE_STORE says which store is used; take it out of the environment, then switch"
            )

    def keep(self, address: str) -> None:
        """Choose a store, from the next start on too."""
        self._kept.keep(address)
        self.address = address


def shown(address: str) -> str:
    """The address without its password."""
    return _PASSWORD.sub(r"\1:***@", address)

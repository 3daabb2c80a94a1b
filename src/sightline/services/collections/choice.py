"""Which store the views are in, remembered in the library's folder. Does not know the stores."""

import os
import re
from pathlib import Path

from sightline.disk import sync
from sightline.domain.errors import SettingsError

FILE_NAME = "store"
_PASSWORD = re.compile(r"(://[^/@:]*):[^@]*@")


class KeptAddress:
    """An address in a file. It can hold a password, so only the file's owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def address(self) -> str | None:
        """None: none was kept."""
        if not self._path.exists():
            return None
        return self._path.read_text(encoding="utf-8").strip() or None

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

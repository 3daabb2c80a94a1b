"""Which store the views are in, remembered in the library's folder. Does not know the stores."""

import os
import re
from pathlib import Path

from sightline.disk import sync
from sightline.domain.errors import SettingsError

FILE_NAME = "store"
_PASSWORD = re.compile(r"(://[^/@:]*):[^@]*@")


class ChosenStore:
    """The setting where there is one, else what was chosen last, else the default.

    The file can hold a password, so only its owner may read it.
    """

    def __init__(self, folder: Path, setting: str | None, *, default: str) -> None:
        self._path = folder / FILE_NAME
        self._setting = setting
        kept = self._path.read_text(encoding="utf-8").strip() if self._path.exists() else ""
        self.address = setting or kept or default

    @staticmethod
    def is_kept(folder: Path) -> bool:
        """Whether a store was chosen for the library in a folder."""
        return (folder / FILE_NAME).exists()

    def require_free(self) -> None:
        """Raises SettingsError: the choice is not ours to make."""
        if self._setting:
            raise SettingsError(
                "SIGHTLINE_STORE says which store is used; take it out of the environment, then switch"
            )

    def keep(self, address: str) -> None:
        """Choose a store, from the next start on too."""
        new = self._path.with_name(f"{FILE_NAME}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(address + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        sync(self._path.parent)
        self.address = address


def shown(address: str) -> str:
    """The address without its password."""
    return _PASSWORD.sub(r"\1:***@", address)

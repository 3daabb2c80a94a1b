"""Room kept back on a disk, so that when it is full this can still be written down. Knows no record."""

import os
from pathlib import Path

FILE_NAME = "reserve"
RESERVE_BYTES = 8 << 20  # pausing a job takes some 0.1 MB; the rest is for the files of views, and for luck


class Reserve:
    """A file that holds its room. Once spent, that it can be kept again shows that there is room again."""

    def __init__(self, folder: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = folder / FILE_NAME
        self._size_bytes = size_bytes

    def keep(self) -> bool:
        """Keep the room, unless it is kept already; False where the disk has not as much."""
        if self._path.exists() and self._path.stat().st_size == self._size_bytes:
            return True
        try:
            with self._path.open("wb") as file:
                self._fill(file.fileno())
        except OSError:
            self.spend()
            return False
        return True

    def spend(self) -> None:
        """Give the room to whoever needs it now."""
        self._path.unlink(missing_ok=True)

    def _fill(self, handle: int) -> None:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, self._size_bytes)
        else:
            os.write(handle, bytes(self._size_bytes))

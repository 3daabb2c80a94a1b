"""Makes what was written outlive a loss of power. Does not know what it is, or who wrote it."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Of a file its bytes, of a folder the names in it: the disk has them when this returns.

    Raises OSError: it may not have them.
    """
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders; there a rename alone must do
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

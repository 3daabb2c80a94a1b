"""A full disk in our words. Knows no database, and loads none: who asks for a folder's owner needs none."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sightline.domain.errors import StorageFullError

FULL = "the disk of the record is full: nothing of this was kept; free some space and try again"


@contextmanager
def full_in_our_words() -> Iterator[None]:
    """Raises StorageFullError: no room, or none left for this user. What else goes wrong passes as it is."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFullError(FULL) from exc

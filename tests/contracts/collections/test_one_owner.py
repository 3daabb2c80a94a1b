"""A library's folder is one process's, until that ends however it may."""

import time
from pathlib import Path

import pytest

from sightline.bootstrap import build
from sightline.bootstrap.library import open_library
from sightline.domain.errors import FolderOwnedError
from sightline.settings import Settings
from tests.crashes.lives import Worker
from tests.libraries import opened

REFUSED_WITHIN_S = 3.0
START_S = 60.0


def test_a_second_process_is_refused_at_once_and_served_after_a_kill(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    assert worker.becomes_ready(START_S)
    settings = Settings(home=str(tmp_path))
    served = build(settings)
    began = time.monotonic()
    with pytest.raises(FolderOwnedError, match="is owned by process"):
        open_library(settings, served)
    assert time.monotonic() - began < REFUSED_WITHIN_S
    served.close()
    worker.kill()
    with opened(tmp_path) as library:
        assert library.describe("photos").collection.items == 0

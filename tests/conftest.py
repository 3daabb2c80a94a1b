"""What every test runs in: a folder of its own for what would go into a person's. Does not know the tests."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_library_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that a test starts keep their libraries here unless they are told a folder."""
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))
    yield
    if before is None:
        del os.environ["XDG_DATA_HOME"]
    else:
        os.environ["XDG_DATA_HOME"] = before

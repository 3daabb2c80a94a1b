"""What every test runs in: folders of its own for what would go into a person's. Does not know the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

CACHES = Path(__file__).parents[1] / "build" / "caches"


@pytest.fixture(scope="session", autouse=True)
def _no_library_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that a test starts keep their libraries here unless they are told a folder.

    What UMAP has compiled is kept for the next run: it takes 20 s anew.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        environment.setenv("XDG_CACHE_HOME", str(CACHES))
        yield

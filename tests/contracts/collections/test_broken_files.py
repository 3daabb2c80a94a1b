"""A library starts over damaged files: what is a view is made again, what is the record is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.bootstrap.library import VIEWS
from sightline.catalogue.database import FILE_NAME
from sightline.domain.errors import RecordBrokenError
from tests.crashes.pictures import draw
from tests.crashes.stores import open_small_store
from tests.libraries import caught_up, found_by_themselves, ingested, opened

COUNT = 300
NAMES = {f"{number:05d}.jpg" for number in range(COUNT)}
STORE = f"{VIEWS}/embeddings.duckdb"
LOG = f"{STORE}.wal"
INDEX = f"{VIEWS}/photos.usearch"


def garble(path: Path) -> None:
    """Other bytes in the middle third."""
    third = path.stat().st_size // 3
    with path.open("r+b") as file:
        file.seek(third)
        file.write(b"\xa5" * third)


def behead(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\xa5" * 4096)


def halve(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    path.write_bytes(b"\xa5" * 10_000)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that was filled, indexed and closed."""
    folder = tmp_path_factory.mktemp("whole")
    draw(folder / "photos", range(COUNT))
    with opened(folder / "home", stores=open_small_store) as library:
        ingested(library, folder / "photos")
        caught_up(library)
        assert library.views.view("photos").optimise().kind != "exact"
    return folder / "home"


@pytest.fixture
def home(tmp_path: Path, whole: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "damage"),
    [(STORE, garble), (STORE, halve), (STORE, empty), (LOG, scribble), (INDEX, garble), (INDEX, Path.unlink)],
)
def test_a_view_that_is_damaged_is_made_again_without_a_forward_pass(
    home: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(home / name)
    with opened(home, stores=open_small_store) as library:
        assert found_by_themselves(library) == NAMES
        library.views.view("photos").optimise()
        assert found_by_themselves(library) == NAMES
        [job] = library.ingestion.ledger.jobs("photos")
        assert job.computed == COUNT


@pytest.mark.parametrize("damage", [behead, halve, scribble])
def test_a_record_that_is_damaged_stops_the_start_and_says_what_to_do(
    home: Path, damage: Callable[[Path], None]
) -> None:
    damage(home / FILE_NAME)
    with pytest.raises(RecordBrokenError, match=r"damaged.*restore a backup"), opened(home):
        pass

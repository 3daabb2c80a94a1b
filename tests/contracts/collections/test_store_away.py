"""A store that is away costs its view time, and a job nothing."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from qdrant_client import QdrantClient

from sightline.catalogue.database import Database
from sightline.domain.errors import StoreUnavailableError
from sightline.services.collections.choice import ChosenStore
from sightline.services.collections.library import Library
from sightline.stores.qdrant import QdrantStore
from tests.crashes.loop import READY_S
from tests.crashes.pictures import draw
from tests.libraries import found_by_themselves, ingested, opened
from tests.postgres import PostgresServer
from tests.processes import free_port

COUNT = 300
AWAY_S = 1.0


class Unreliable:
    """A Qdrant client whose server can be away."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client
        self._is_away = False

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self._is_away = True
        yield
        self._is_away = False

    def __getattr__(self, name: str) -> object:
        if self._is_away:
            raise httpx.ConnectError("connection refused")
        return getattr(self._client, name)


@contextlib.contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    draw(folder, range(COUNT))
    return folder


def with_record_and_store(home: Path, address: str) -> Path:
    """A library whose record is in its folder, and whose views were switched to another store."""
    Database.in_folder(home).close()
    ChosenStore(home, None, default="").keep(address)
    return home


def check_a_job_goes_on(
    library: Library, photos: Path, away: contextlib.AbstractContextManager[None]
) -> None:
    draw(photos.with_name("one"), range(COUNT, COUNT + 1))
    assert ingested(library, photos.with_name("one")).computed == 1
    [(_, query)] = library.record.walk("photos")
    with away:
        job = ingested(library, photos)
        assert (job.state, job.done, job.failed) == ("done", COUNT, 0)
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            library.views.view("photos").nearest(query, 1)
        assert time.monotonic() - began < 1.5
        # whoever asks while another waits for it is told that it is still being opened
        trouble = library.describe("photos").view.trouble or ""
        assert "does not answer" in trouble or "still being opened" in trouble
        time.sleep(AWAY_S)
    names = {f"{number:05d}.jpg" for number in range(COUNT + 1)}
    assert found_by_themselves(library) == names
    assert library.describe("photos").view.trouble is None


@pytest.mark.parametrize("how", [stopped, PostgresServer.frozen])
def test_a_job_goes_on_without_postgres_and_the_view_follows(
    tmp_path: Path, photos: Path, postgres: PostgresServer, how
) -> None:
    with opened(with_record_and_store(tmp_path / "home", postgres.new_database())) as library:
        check_a_job_goes_on(library, photos, how(postgres))


def test_a_job_goes_on_without_qdrant_and_the_view_follows(tmp_path: Path, photos: Path) -> None:
    client = Unreliable(QdrantClient(":memory:"))
    with opened(tmp_path / "home", stores=lambda *_: QdrantStore(client)) as library:  # type: ignore[arg-type]
        check_a_job_goes_on(library, photos, client.away())


def test_a_library_starts_and_works_while_its_store_is_away(tmp_path: Path, photos: Path) -> None:
    nobody = f"postgresql://127.0.0.1:{free_port()}/nobody"
    home = with_record_and_store(tmp_path / "home", nobody)
    began = time.monotonic()
    with opened(home) as library:
        assert time.monotonic() - began < READY_S
        job = ingested(library, photos)
        assert (job.state, job.done) == ("done", COUNT)
        assert library.describe("photos").view.lag == COUNT

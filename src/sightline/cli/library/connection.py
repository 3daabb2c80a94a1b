"""The library as a command reaches it: through the server that owns it, or one of its own. Knows no route.

Whoever owns the library's folder is asked over HTTP. If nobody does, this process serves the library for as
long as the command takes, and talks to itself.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from sightline.catalogue.owner import Holder, holder
from sightline.cli.library.errand import Errand
from sightline.cli.loading import settings_for
from sightline.client.exchange import refusal
from sightline.domain.errors import FolderOwnedError, ServerAwayError, ServerRefusedError, SettingsError
from sightline.environment import home_of
from sightline.services.collections.choice import shown

LOOK_S = 0.1
STARTING_S = 30.0  # an owner says where it can be asked once its store has answered
ENDING_S = 20.0  # one that ends closes its port first, and keeps what is in hand
PROBE_S = 5.0  # one that takes longer to say that it lives hangs
LOADING_S = 1800.0  # a model may have to be fetched first
# Duplicates among a million take minutes, filling a store too: only what should never be silent has a limit
ANSWER = httpx.Timeout(None, connect=PROBE_S)
STREAM_S = 60.0  # six heartbeats of a stream of events


class Connection:
    """Asks the library's server; becomes the server where the one that was asked has ended.

    home: the library's folder. is_ours: whether the server is in this process. asked: who it is, for people.
    """

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._settings = settings_for({"store": errand.store})
        self.home = home_of(self._settings)
        self._stack = ExitStack()
        self._client = httpx.Client()
        self.is_ours = False
        self.asked = ""
        self._connect()

    def close(self) -> None:
        """Where the server is ours: keep what is in hand, and end it."""
        self._client.close()
        self._stack.close()

    def get(self, path: str, **query: object) -> Any:
        params = {name: str(value) for name, value in query.items() if value is not None}
        return _json(self._answer("GET", path, params=params))

    def post(self, path: str, content: object = None) -> Any:
        return _json(self._answer("POST", path, json=content))

    def put_file(self, path: str, file: Path) -> Any:
        """What a file has, as a form. Raises OSError: it cannot be read."""
        return _json(self._answer("PUT", path, files={"file": (file.name, file.read_bytes())}))

    def delete(self, path: str, **query: object) -> Any:
        return _json(self._answer("DELETE", path, params={name: str(value) for name, value in query.items()}))

    def read(self, path: str) -> bytes:
        """What is there, as it is."""
        return self._answer("GET", path).content

    @contextmanager
    def stream(self, path: str, **options: Any) -> Iterator[httpx.Response]:
        """An answer as it comes, asked for once. Raises ServerRefusedError; ServerAwayError: it broke off."""
        try:
            with self._client.stream("GET", path, timeout=STREAM_S, **options) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refusal(answer)
                yield answer
        except httpx.TransportError as error:
            raise ServerAwayError(f"{self.asked} broke off in the midst of its answer") from error

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A server that is still loading is waited for; one that has ended is replaced.

        Raises ServerRefusedError: it will not, and says why; ServerAwayError.
        """
        end = time.monotonic() + LOADING_S
        while True:
            try:
                answer = self._client.request(method, path, **options)
            except httpx.TransportError as error:
                # what was not even connected never arrived, and to ask twice changes nothing
                if method != "GET" and not isinstance(error, httpx.ConnectError):
                    raise ServerAwayError(
                        f"{self.asked} ended before it had answered; see `sightline status`"
                    ) from error
                self._reconnect()
                continue
            if not answer.is_error:
                return answer
            refused = _refusal(answer)
            if refused.code != "not_ready" or time.monotonic() >= end:
                raise refused
            time.sleep(LOOK_S)

    def _reconnect(self) -> None:
        """Ask whoever owns the library now. Raises ServerAwayError: our own server has ended."""
        if self.is_ours:
            raise ServerAwayError("the server in this process ended; its log is above")
        self._connect()

    def _connect(self) -> None:
        last, since = None, 0.0
        while True:
            found = holder(self.home)
            if found != last:
                last, since = found, time.monotonic()
            if found is None:
                if self._serve():
                    return
            elif found.address is not None and self._reaches(found):
                self._require_store()
                return
            elif time.monotonic() - since > (STARTING_S if found.address is None else ENDING_S):
                raise _away(found, str(self.home))
            time.sleep(LOOK_S)

    def _serve(self) -> bool:
        """Become the owner; False where another process was quicker."""
        with _collector_at_rest():
            from sightline.cli.library.own import own_server  # all of the server: its clients load none of it

            try:
                server = self._stack.enter_context(own_server(self._settings, self._errand))
            except FolderOwnedError:
                return False
        self._talk_to(server.address, server.token)
        self.is_ours = True
        self.asked = "this process"
        return True

    def _reaches(self, found: Holder) -> bool:
        """Whether its port is open. Raises ServerAwayError: it is, and nobody answers."""
        self._talk_to(str(found.address), str(found.token))
        self.asked = f"process {found.pid} at {found.address}"
        try:
            self._client.get("/livez", timeout=PROBE_S)
        except httpx.TimeoutException as error:
            raise _away(found, str(self.home)) from error
        except httpx.TransportError:
            return False
        return True

    def _talk_to(self, address: str, token: str) -> None:
        self._client.close()
        headers = {"authorization": f"Bearer {token}"}
        # trust_env: a proxy would be asked for a port of this machine
        self._client = httpx.Client(base_url=address, headers=headers, timeout=ANSWER, trust_env=False)

    def _require_store(self) -> None:
        """Raises SettingsError: the errand names another store than the one that is in use."""
        if self._errand.store is None:
            return
        used = self.get("/v1/store")["address"]
        if used != shown(self._errand.store):
            raise SettingsError(
                f"--store is {shown(self._errand.store)!r}, but {self.asked} has the library in {used!r}: "
                f"leave it out, or change the store with `sightline store switch --to URL`"
            )


@contextmanager
def connected(errand: Errand) -> Iterator[Connection]:
    """The library, for one command. Raises ServerAwayError, SettingsError; what own_server raises."""
    connection = Connection(errand)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A start makes many objects that stay: looking for garbage among them took a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _away(found: Holder, home: str) -> ServerAwayError:
    if found.address is None:
        return ServerAwayError(
            f"process {found.pid} owns {home} and serves nobody; wait for its end, or end it"
        )
    return ServerAwayError(
        f"process {found.pid} owns {home}, but does not answer at {found.address}; wait, or end it"
    )


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


def _refusal(answer: httpx.Response) -> ServerRefusedError:
    return refusal(answer.status_code, answer.headers, answer.content)

"""The gate in front of the application, message by message."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from sightline.environment import read_settings
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.web.limits import REST_BYTES, Gate
from sightline.web.state import ServerState
from tests.fakes import fake_model

CAP = 10_000
PIECE = 1000


class Client:
    """Sends a body in pieces for as long as anybody reads, and keeps what comes back."""

    def __init__(
        self, pieces: int, headers: list[tuple[bytes, bytes]] | None = None, method: str = "POST"
    ) -> None:
        self.read = 0
        self.sent: list[MutableMapping[str, Any]] = []
        self._pieces = pieces
        self.scope: Scope = {
            "type": "http",
            "method": method,
            "path": "/embed-image",
            "headers": headers or [],
        }

    async def receive(self) -> MutableMapping[str, Any]:
        self.read += 1
        return {"type": "http.request", "body": bytes(PIECE), "more_body": self.read < self._pieces}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


async def reading_app(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def gate_state(**chosen: object) -> ServerState:
    settings = read_settings({}, {"max_request_bytes": CAP, "max_image_bytes": CAP, **chosen})
    return ServerState(settings, ServedModels(["fake"], loader=fake_model, workshop=Workshop()))


def passed(client: Client, **chosen: object) -> Client:
    gate = Gate(reading_app, gate_state(**chosen))
    asyncio.run(gate(client.scope, client.receive, client.send))
    return client


def test_bodies_that_come_in_at_once_are_bounded_together_and_give_their_room_back() -> None:
    async def two_at_once(second: Client) -> None:
        is_open = asyncio.Event()

        async def waiting_app(scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive())["more_body"]:
                pass
            await is_open.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        gate = Gate(waiting_app, gate_state(), bodies_bytes=CAP + 5 * PIECE)
        first = Client(CAP // PIECE)
        under_way = asyncio.create_task(gate(first.scope, first.receive, first.send))
        await asyncio.sleep(0)
        refused = Client(6)
        await gate(refused.scope, refused.receive, refused.send)
        assert refused.status == 429
        assert (b"retry-after", b"1") in refused.sent[0]["headers"]
        is_open.set()
        await under_way
        assert first.status == 200
        await gate(second.scope, second.receive, second.send)

    second = Client(CAP // PIECE)
    asyncio.run(two_at_once(second))
    assert second.status == 200


def test_a_body_at_the_limit_passes() -> None:
    assert passed(Client(CAP // PIECE)).status == 200


def test_small_pieces_are_summed() -> None:
    assert passed(Client(CAP // PIECE + 1)).status == 413


def test_an_endless_body_is_read_a_bounded_way_past_the_limit() -> None:
    client = passed(Client(10**9))
    assert client.status == 413
    assert client.read * PIECE <= CAP + REST_BYTES + 2 * PIECE


def test_of_a_strangers_body_little_is_read() -> None:
    client = passed(Client(10**9), api_key="a-key-of-some-length")
    assert client.status == 401
    assert client.read * PIECE <= 64 * 1024 + PIECE


def test_a_refused_connection_is_closed_after_the_whole_answer() -> None:
    client = passed(Client(CAP // PIECE + 1))
    assert (b"connection", b"close") in client.sent[0]["headers"]
    assert client.sent[1]["body"].startswith(b'{"error"')
    assert [message.get("more_body") for message in client.sent[1:]] == [True, False]


HERE = (b"host", b"pictures.example:8000")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"origin", b"http://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://pictures.example")],  # another port is another site
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site"), (b"origin", b"http://pictures.example:3000")],
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_of_other_sites_change_nothing(method: str, headers: list[tuple[bytes, bytes]]) -> None:
    client = passed(Client(1, [HERE, *headers], method))
    assert client.status == 403
    assert b"cross_site" in client.sent[1]["body"]


@pytest.mark.parametrize(
    "headers",
    [
        [],  # a program
        [(b"origin", b"http://pictures.example:8000")],
        [(b"origin", b"https://Pictures.example:8000")],  # behind a proxy that ends TLS
        [
            (b"origin", b"https://public.example"),
            (b"sec-fetch-site", b"same-origin"),
        ],  # which renames the host
        [(b"sec-fetch-site", b"none")],
    ],
)
def test_programs_and_the_servers_own_page_may_change_things(headers: list[tuple[bytes, bytes]]) -> None:
    assert passed(Client(1, [HERE, *headers])).status == 200


def test_other_sites_may_link_to_what_only_reads() -> None:
    assert passed(Client(1, [HERE, (b"sec-fetch-site", b"cross-site")], "GET")).status == 200

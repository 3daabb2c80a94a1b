"""A DNS server, and web servers at every address of a network where all are local. Know no client."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

from tests.origins import answer
from tests.vectors import addresses_of

SINK_PORT = 9000
PORTS = (22, 25, 80, 443, 5432, 6333, 8080, 8443, SINK_PORT)
A, AAAA, CNAME = 1, 28, 5
NO_SUCH_NAME = 3


@dataclass
class World:
    """visits: the address and port of every connection that came."""

    visits: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def serve_world(picture: bytes) -> Iterator[World]:
    """The same picture wherever one asks, on all PORTS, until the block ends."""
    world, listening = World(), []
    for port in PORTS:
        for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            listening.append(socket.create_server((host, port), family=family, backlog=512))
            threading.Thread(target=_accept, args=(listening[-1], world, picture), daemon=True).start()
    try:
        yield world
    finally:
        for one in listening:
            one.close()


def _accept(listening: socket.socket, world: World, picture: bytes) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            there = connection.getsockname()
            world.visits.append((there[0], there[1]))
            threading.Thread(target=_answer, args=(connection, picture), daemon=True).start()


def _answer(connection: socket.socket, picture: bytes) -> None:
    with connection, suppress(OSError):
        connection.settimeout(2)
        connection.recv(65_536)
        connection.sendall(answer(picture))


@dataclass
class Names:
    """rebinding: names whose answers change from question to question."""

    rebinding: tuple[str, ...] = ("rebind.test", "rebind-late.test", "rebind-both.test", "rebind-cname.test")
    questions: Counter[tuple[str, int]] = field(default_factory=Counter)

    def asked(self, name: str) -> int:
        return sum(count for (asked, _), count in self.questions.items() if asked == name)

    def addresses(self, name: str, kind: int) -> list[str] | None:
        """None where there is no such name."""
        number = self.questions[name, kind]
        self.questions[name, kind] += 1
        public, inside = "93.184.216.34", "127.0.0.1"
        if name in ("rebind.test", "rebind-cname.test"):  # by turns
            return [public if number % 2 == 0 else inside]
        if name == "rebind-late.test":  # once publicly, then twice not
            return [public if number % 3 == 0 else "169.254.169.254"]
        if name == "rebind-both.test":  # now and then the second family leads inside
            return [public, *(["::1"] if number % 2 else [])]
        return addresses_of(name)


@contextmanager
def serve_names() -> Iterator[Names]:
    """A DNS server on 127.0.0.1:53, over UDP. `slow.test` is never answered."""
    names = Names()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind(("127.0.0.1", 53))
        thread = threading.Thread(target=_serve_names, args=(asked, names), daemon=True)
        thread.start()
        yield names


def _serve_names(asked: socket.socket, names: Names) -> None:
    with suppress(OSError):
        while True:
            question, client = asked.recvfrom(4096)
            name, end = _name(question, 12)
            kind = struct.unpack("!H", question[end : end + 2])[0]
            if name != "slow.test":
                asked.sendto(_reply(question[: end + 4], name, kind, names), client)


def _reply(question: bytes, name: str, kind: int, names: Names) -> bytes:
    known = names.addresses(name, kind)
    version = {A: 4, AAAA: 6}.get(kind)
    fitting = [ip_address(one) for one in known or [] if ip_address(one).version == version]
    records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(one.packed)) + one.packed for one in fitting]
    if name == "rebind-cname.test":
        alias = b"\x05inner\xc0\x0c"
        records = [struct.pack("!HHHIH", 0xC00C, CNAME, 1, 0, len(alias)) + alias] + [
            alias + record[2:] for record in records
        ]
    code = NO_SUCH_NAME if known is None else 0
    return (
        struct.pack("!2sHHHHH", question[:2], 0x8580 | code, 1, len(records), 0, 0)
        + question[12:]
        + b"".join(records)
    )


def _name(question: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), at + 1

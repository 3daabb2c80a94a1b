"""Web servers on loopback that do as they are told, bytes and all. Know nothing of who asks them."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

Script = Callable[[socket.socket, str], None]  # a connection, and the path asked for


@dataclass
class Origin:
    """connections: how many there were. heads: what was asked, as it came."""

    port: int
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    at_once: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def origin(script: Script, host: str = "127.0.0.1", port: int = 0) -> Iterator[Origin]:
    """Serves until the block ends; each connection is one request in a thread of its own."""
    family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=256)
    made = Origin(listening.getsockname()[1])
    threads = [threading.Thread(target=_accept, args=(listening, script, made), daemon=True)]
    threads[0].start()
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        threads[0].join(5)


def _accept(listening: socket.socket, script: Script, made: Origin) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            made.connections += 1
            threading.Thread(target=_serve, args=(connection, script, made), daemon=True).start()


def _serve(connection: socket.socket, script: Script, made: Origin) -> None:
    with made.turn:
        made.at_once += 1
    try:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(4096)):
                head += more
            made.heads.append(head.decode("latin-1"))
            script(connection, head.decode("latin-1").split(" ")[1] if b" " in head else "")
    finally:
        with made.turn:
            made.at_once -= 1


def answer(body: bytes = b"picture", *lines: str, status: str = "200 OK") -> bytes:
    """One whole answer. lines: headers beside its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def says(*answers: bytes) -> Script:
    """The first answer to the first request, and so on; the last one to all others."""
    left = list(answers)

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return script


def redirect(to: str, status: str = "302 Found") -> bytes:
    return answer(b"", f"Location: {to}", status=status)


@contextmanager
def raw(*pieces: bytes, pause_s: float = 0.0, for_ever: bool = False) -> Iterator[Origin]:
    """A server that sends pieces, and perhaps the last one again and again."""

    def script(connection: socket.socket, _: str) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
        while for_ever:
            connection.sendall(pieces[-1])
            time.sleep(pause_s)

    with origin(script) as made:
        yield made

"""Connections to addresses that the guard admits, bounded in time and bytes. Does not know HTTP.

Names become addresses here and nowhere else: what was checked is what is connected to.
"""

import socket
import ssl
from collections.abc import Sequence
from typing import Any

import httpcore

from sightline.domain.errors import ImageBytesError
from sightline.sources.addresses import Address, parsed_address
from sightline.sources.guard import Guard
from sightline.sources.turns import Clock
from sightline.sources.urls import RefusedUrlError

MAX_ADDRESSES = 4  # of one host, one after another
CONNECT_S = 4.0  # for each: a second packet is sent after 1 s, a third after 3
OVERHEAD_BYTES = 65_536  # heads, and the sizes of chunks


class NoConnectionError(Exception):
    """Nobody answers there, or not as TLS demands. For the log alone."""


class Connector(httpcore.NetworkBackend):
    """What one exchange is connected by. max_bytes: of its content."""

    def __init__(self, guard: Guard, clock: Clock, max_bytes: int) -> None:
        self._guard = guard
        self._clock = clock
        self._max_bytes = max_bytes

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """What else httpcore says is not heard: the clock tells the time, and the guard where to go.

        Raises RefusedUrlError: not admitted; NoConnectionError; TimeoutError: no time is left.
        """
        addresses = self._guard.admit(host, port, within_s=self._clock.left_s())
        opened = self._first_open(addresses[:MAX_ADDRESSES], port)
        return _Stream(opened, self._clock, self._max_bytes + OVERHEAD_BYTES)

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        del path
        raise RefusedUrlError("no URL leads to a socket in a folder")

    def _first_open(self, addresses: Sequence[Address], port: int) -> socket.socket:
        failures: list[OSError] = []
        for address in addresses:
            try:
                return self._open(address, port)
            except OSError as error:
                failures.append(error)
        raise NoConnectionError("; ".join(map(str, failures)))

    def _open(self, address: Address, port: int) -> socket.socket:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(min(CONNECT_S, self._clock.left_s()))
            opened.connect((str(address), port))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            there = opened.getpeername()
            if (parsed_address(there[0]), there[1]) != (address, port):
                raise RefusedUrlError(f"connected to {there[0]} in place of {address}")
        except BaseException:
            opened.close()
            raise
        return opened


class _Stream(httpcore.NetworkStream):
    """A socket whose reads and writes end with the clock, and of which only so much is read."""

    def __init__(self, opened: socket.socket, clock: Clock, max_bytes: int) -> None:
        self._socket = opened
        self._clock = clock
        self._left_bytes = max_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises TimeoutError; OSError: the connection broke; ImageBytesError: too much came."""
        del timeout
        self._socket.settimeout(self._clock.left_s())
        data = self._socket.recv(min(max_bytes, self._left_bytes))
        self._left_bytes -= len(data)
        if data and not self._left_bytes:
            raise ImageBytesError("the address sends more bytes than a picture may have; make it smaller")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Raises httpcore.WriteError, of which httpcore knows that an answer may have come before."""
        del timeout
        try:
            self._socket.settimeout(self._clock.left_s())
            self._socket.sendall(buffer)
        except TimeoutError:
            raise
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Raises NoConnectionError: no TLS, or a certificate that is not the host's."""
        del timeout
        try:
            self._socket.settimeout(self._clock.left_s())
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self.close()
            raise NoConnectionError(f"TLS failed: {error}") from error
        return _Stream(wrapped, self._clock, self._left_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "socket" else None

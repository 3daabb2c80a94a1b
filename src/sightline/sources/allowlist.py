"""The hosts an operator names: those that may be asked for pictures, and databases. Knows no network."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from sightline.domain.errors import SettingsError
from sightline.sources.addresses import parsed_address, reach
from sightline.sources.urls import RefusedUrlError, parsed_host

_ENTRY = re.compile(r"(\*\.)?(\[[0-9a-fA-F:.]+\]|[^:/@\[\]\s]+)(?::([0-9]{1,5}))?", re.ASCII)
_WEB_PORTS = (80, 443)
# A store's address need not tell its port; some listen on a second one.
_STORE_PORTS = {"postgresql": (5432,), "postgres": (5432,), "qdrant": (6333, 6334)}
_QDRANT_PAIR = frozenset({6333, 6334})  # REST and gRPC of one server


@dataclass(frozen=True)
class Entry:
    """One host of fetch_hosts. is_any_below: `*.` before it, for every name below but not for itself."""

    host: str
    port: int | None = None
    is_any_below: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """`shop.example`, `*.shop.example`, `10.0.0.5:9000`, `[fd00::5]:80`. Raises SettingsError."""
        found = _ENTRY.fullmatch(text.strip())
        if found is None:
            raise SettingsError(_wrong_entry(text))
        try:
            entry = cls(parsed_host(found[2]), int(found[3]) if found[3] else None, found[1] is not None)
        except RefusedUrlError as error:
            raise SettingsError(_wrong_entry(text)) from error
        if entry.port is not None and not 0 < entry.port < 65_536:
            raise SettingsError(_wrong_entry(text))
        where = _reach_of(entry.host)
        if where == "never":
            raise SettingsError(
                f"fetch_hosts has {text!r}, where no picture server can be (link-local, metadata, reserved); "
                "take it out"
            )
        if where not in (None, "public") and entry.port is None:
            raise SettingsError(
                f"fetch_hosts has {text!r}, which is not public; name it with its port, as {entry.host}:80"
            )
        return entry

    @property
    def opens_private(self) -> bool:
        """Whether it is one host with its port: nobody writes that without meaning this very server."""
        return self.port is not None and not self.is_any_below

    @property
    def opens_loopback(self) -> bool:
        """Whether it is loopback itself: a name that leads there by DNS is not enough."""
        return self.opens_private and _reach_of(self.host) == "loopback"

    def takes(self, host: str, port: int) -> bool:
        """Without a port of its own, the two of the web."""
        if port not in ((self.port,) if self.port is not None else _WEB_PORTS):
            return False
        return host.endswith("." + self.host) if self.is_any_below else host == self.host


@dataclass(frozen=True)
class Neighbour:
    """A machine that runs a database of ours, and the ports on which that listens."""

    host: str
    ports: frozenset[int]


def neighbours(address: str) -> Iterator[Neighbour]:
    """The machines in a store's address: one, several, or for a file none.

    PostgreSQL's may list several hosts, and may have them in its query.
    """
    parts = urlsplit(address)
    usual = _STORE_PORTS.get(parts.scheme.partition("+")[0], _WEB_PORTS)
    query = parse_qs(parts.query)
    named = [*parts.netloc.rpartition("@")[2].split(","), *",".join(query.get("host", [])).split(",")]
    more = {int(port) for text in query.get("port", []) for port in text.split(",") if port.isdecimal()}
    for text in named:
        found = _ENTRY.fullmatch(unquote(text))
        if found is None or found[1] is not None:
            continue  # a socket's folder, or nothing
        ports = {int(found[3])} if found[3] else set(usual)
        if ports & _QDRANT_PAIR:
            ports |= _QDRANT_PAIR
        try:
            yield Neighbour(parsed_host(found[2]), frozenset(ports | more))
        except RefusedUrlError as error:
            raise SettingsError(f"a store's address names the host {found[2]!r}, which is none") from error


def _reach_of(host: str) -> str | None:
    """Of an address; None for a name, of which only its addresses tell."""
    if host == "localhost":
        return "loopback"
    try:
        return reach(parsed_address(host))
    except ValueError:
        return None


def _wrong_entry(text: str) -> str:
    return f"fetch_hosts has {text[:100]!r}; write host, *.host or host:port, an IPv6 address in brackets"

"""Which hosts, ports and addresses may be asked for a picture. Opens no connection.

Asked once for each connection, by what opens it, so that nothing can change between the check and the use.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Literal

from sightline.sources.addresses import Address, Reach, parsed_address, plain, reach
from sightline.sources.allowlist import Entry, Neighbour
from sightline.sources.resolving import Resolve, SystemResolver
from sightline.sources.urls import RefusedUrlError

Mode = Literal["allowlist", "public"]

WEB_PORTS = frozenset({80, 443})
# Below it mail and remote shells listen; a picture of the public web may come from a port above.
FIRST_OPEN_PORT = 1024
NEIGHBOURS_S = 30.0  # for how long an answer counts to where the databases are


def is_ours(address: Address) -> bool:
    """Whether the address is one of this machine. Nothing is sent: connecting UDP only chooses a route."""
    if reach(address) == "loopback" or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((str(address), 9))
            return parsed_address(str(probe.getsockname()[0])) == address
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class World:
    """What the guard asks about the network; replaced in tests. reach: of one address."""

    resolve: Resolve = field(default_factory=SystemResolver)
    reach: Callable[[Address], Reach] = reach
    is_ours: Callable[[Address], bool] = is_ours


class Guard:
    """Safe to use from several threads.

    allowed: with mode allowlist, the only hosts there are. neighbours: the databases, denied in every mode,
    and looked up every neighbours_s.
    """

    def __init__(
        self,
        mode: Mode,
        *,
        allowed: Sequence[Entry] = (),
        neighbours: Sequence[Neighbour] = (),
        world: World | None = None,
        neighbours_s: float = NEIGHBOURS_S,
    ) -> None:
        self._mode = mode
        self._allowed = tuple(allowed)
        self._neighbours = tuple(neighbours)
        self._world = world or World()
        self._own_ports: frozenset[int] = frozenset()
        self._turn = threading.Lock()
        self._neighbours_s = neighbours_s
        self._found_at = float("-inf")
        self._found: dict[str, frozenset[Address]] = {}  # where the neighbours are

    def refuse_port(self, port: int) -> None:
        """The server listens there: on this machine it is denied, whatever is allowed."""
        self._own_ports |= {port}

    def admit(self, host: str, port: int, *, within_s: float) -> Sequence[Address]:
        """The addresses of a host that may be connected to, in the resolver's order.

        Raises RefusedUrlError: it is not allowed or not found, or any one of its addresses is not allowed.
        """
        entry = self._entry(host, port)
        addresses = self._addresses(host, within_s)
        self._find_neighbours(within_s)
        if not addresses:
            raise RefusedUrlError("its host has no address")
        for address in addresses:
            if (reason := self._wrong(address, port, entry)) is not None:
                raise RefusedUrlError(f"{host} has the address {address}: {reason}")
        return list(dict.fromkeys(addresses))

    def _entry(self, host: str, port: int) -> Entry | None:
        """The entry that allows it; None in public mode, where the port must be one of the web."""
        if self._mode == "public":
            if port not in WEB_PORTS and port < FIRST_OPEN_PORT:
                raise RefusedUrlError(f"port {port} is none that pictures come from")
            return None
        fitting = [entry for entry in self._allowed if entry.takes(host, port)]
        if not fitting:
            raise RefusedUrlError(f"{host}:{port} is not in fetch_hosts")
        return max(fitting, key=lambda entry: entry.opens_private)

    def _addresses(self, host: str, within_s: float) -> Sequence[Address]:
        try:
            return [parsed_address(host)]
        except ValueError:
            return [plain(address) for address in self._world.resolve(host, within_s)]

    def _wrong(self, address: Address, port: int, entry: Entry | None) -> str | None:
        """Why the address may not be connected to, if it may not."""
        is_named = entry is not None and entry.opens_private
        if port in self._own_ports and self._world.is_ours(address):
            return "the server itself listens there"
        if any(self._meets(one, address, port, is_named=is_named) for one in self._neighbours):
            return "a database is there"
        where = self._world.reach(address)
        if where == "public" or (where == "private" and is_named):
            return None
        if where == "loopback" and entry is not None and entry.opens_loopback:
            return None
        return f"it is {where}, not public"

    def _meets(self, neighbour: Neighbour, address: Address, port: int, *, is_named: bool) -> bool:
        """Whether a database would be asked; one of this machine may listen at all its addresses."""
        found = self._found.get(neighbour.host, frozenset())
        if address in found:
            return port in neighbour.ports or not is_named
        is_ours = self._world.is_ours
        return port in neighbour.ports and is_ours(address) and any(map(is_ours, found))

    def _find_neighbours(self, within_s: float) -> None:
        """Look up where the databases are, now and then. One that cannot be found is where it was."""
        with self._turn:
            if time.monotonic() - self._found_at < self._neighbours_s:
                return
            for host in {neighbour.host for neighbour in self._neighbours}:
                with suppress(RefusedUrlError):
                    self._found[host] = frozenset(self._addresses(host, within_s))
            self._found_at = time.monotonic()

"""A guarded fetch for tests, to which one address of loopback is the public internet. Knows no server."""

import ssl
from collections.abc import Sequence
from pathlib import Path

from sightline.sources.addresses import Address, Reach, parsed_address, reach
from sightline.sources.guard import Guard, World
from sightline.sources.resolving import Resolve
from sightline.sources.web import FetchLimits, WebFetcher

TLS = Path(__file__).parent / "tls"  # a certificate of pictures.test, which signs itself
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"  # only the first is public to these tests
CAP = 100_000

TRUSTING = ssl.create_default_context(cafile=str(TLS / "certificate.pem"))


def one_is_public(address: Address) -> Reach:
    return "public" if str(address) == OUTSIDE else reach(address)


def outside(_: str, __: float) -> Sequence[Address]:
    return [parsed_address(OUTSIDE)]


def guard(resolve: Resolve = outside) -> Guard:
    return Guard("public", world=World(resolve=resolve, reach=one_is_public))


def fetcher(
    resolve: Resolve = outside,
    *,
    pauses: list[float] | None = None,
    tls: ssl.SSLContext | None = TRUSTING,
    **limits: float,
) -> WebFetcher:
    """Every name leads outside unless `resolve` says otherwise. pauses: noted there in place of waiting."""
    made = FetchLimits(**{"max_bytes": CAP, "timeout_s": 3.0, **limits})  # type: ignore[arg-type]
    note = pauses.append if pauses is not None else (lambda _: None)
    return WebFetcher(guard(resolve), made, tls=tls, pause=note)

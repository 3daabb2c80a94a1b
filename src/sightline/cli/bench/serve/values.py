"""What the text of an option means: shares, a rate, an address. Does not know what is done with them.

Each reader raises typer.BadParameter, which says what was wrong and what to write instead.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import typer

Shares = Mapping[str, float]  # name -> its share; together 1

_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)
_RATE = re.compile(r"([0-9]*\.?[0-9]+)(x?)", re.ASCII)
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Rate:
    """Arrivals per second, or, where is_multiple, how many times the peak of a closed loop."""

    value: float
    is_multiple: bool

    def per_s(self, peak_per_s: float) -> float:
        return self.value * peak_per_s if self.is_multiple else self.value

    def __str__(self) -> str:
        return f"{self.value:g}x" if self.is_multiple else f"{self.value:g}"


@dataclass(frozen=True)
class Address:
    """Where a server listens; prefix: what stands before every path, without a slash at its end."""

    host: str
    port: int
    prefix: str = ""

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}{self.prefix}"


def shares(text: str) -> Shares:
    """`a=0.8,b` is a with 0.8 and b with the rest; several without a number share the rest alike."""
    given: dict[str, float | None] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        if not name or name in given:
            raise typer.BadParameter(f"{text!r} names {name!r} twice or nothing; write A=0.8,B=0.2")
        given[name] = _share(share, text) if share else None
    rest = 1 - sum(share for share in given.values() if share is not None)
    free = sum(share is None for share in given.values())
    if rest < -_ROUNDING or (free == 0 and rest > _ROUNDING) or (free and rest < _ROUNDING):
        raise typer.BadParameter(
            f"the shares in {text!r} do not come to 1; leave out one number, and it takes the rest"
        )
    return {name: rest / free if share is None else share for name, share in given.items()}


def _share(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise typer.BadParameter(f"{text!r} in {whole!r} is no share; write a number above 0, at most 1")
    return value


def sizes(text: str) -> Shares:
    """Shares of sizes, each written WIDTHxHEIGHT."""
    found = shares(text)
    for name in found:
        if not _SIZE.fullmatch(name):
            raise typer.BadParameter(f"{name!r} is no size in pixels; write 400x533")
    return found


def size_px(name: str) -> tuple[int, int]:
    """What `sizes` let pass, as (width, height)."""
    width, _, height = name.partition("x")
    return int(width), int(height)


def rate(text: str) -> Rate:
    match = _RATE.fullmatch(text)
    if not match or float(match[1]) <= 0:
        raise typer.BadParameter(
            f"{text!r} is no rate; write requests per second, as 100, or times the peak, as 5x"
        )
    return Rate(float(match[1]), bool(match[2]))


def address(text: str) -> Address:
    """http only: TLS would cost the machine that is measured, and loopback needs none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no address; write http://127.0.0.1:8000") from error
    if parts.scheme != "http" or not parts.hostname or parts.query or parts.username:
        raise typer.BadParameter(f"{text!r} is no plain http address; write http://127.0.0.1:8000")
    return Address(parts.hostname, port or 80, parts.path.rstrip("/"))


def command(text: str) -> tuple[str, ...]:
    """A command line as its words; there is no shell."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no command line: {error}") from error
    if not words:
        raise typer.BadParameter("the command is empty")
    return words

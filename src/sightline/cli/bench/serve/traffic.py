"""What is sent: pictures and texts in their shares, no two requests alike. Knows no connections, no time."""

import base64
import itertools
import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from sightline.cli.bench.photo import photo
from sightline.cli.bench.serve.shapes import Envelope, Item
from sightline.cli.bench.serve.values import Shares, size_px
from sightline.domain.errors import InvalidRequestError

DRAWN_PER_SIZE = 8  # enough that no two pictures of a batch need be alike
JPEG_START = b"\xff\xd8"
COMMENT = b"\xff\xfe"
STAMP_BYTES = 30  # with the JPEG's start; a multiple of 3, so that its base64 ends where it ends
COLOURS = ("red", "blue", "green", "black", "white", "yellow", "grey", "brown")
THINGS = ("dress", "shoe", "mug", "lamp", "chair", "coat", "bag", "watch")


@dataclass(frozen=True)
class Picture:
    """A JPEG without its first two bytes."""

    rest: bytes

    @cached_property
    def rest_base64(self) -> bytes:
        return base64.b64encode(self.rest)


@dataclass(frozen=True)
class Stamped:
    """A picture behind a comment that is no other's: its pixels are the same, and its bytes are not."""

    stamp: bytes
    picture: Picture

    def plain(self) -> tuple[bytes, ...]:
        return self.stamp, self.picture.rest

    def in_json(self) -> tuple[bytes, ...]:
        return base64.b64encode(self.stamp), self.picture.rest_base64


@dataclass(frozen=True)
class Phrase:
    text: str

    def plain(self) -> tuple[bytes, ...]:
        return (self.text.encode(),)

    def in_json(self) -> tuple[bytes, ...]:
        return (json.dumps(self.text)[1:-1].encode(),)


class Sent(NamedTuple):
    """A request: its body in pieces, and how many vectors it asks for."""

    envelope: Envelope
    pieces: list[bytes]
    items: int


@dataclass(frozen=True)
class Deck:
    """Pictures to draw from, each with its weight."""

    pictures: Sequence[Picture]
    weights: Sequence[float]


def drawn(sizes: Shares) -> Deck:
    """Pictures drawn in these sizes, DRAWN_PER_SIZE of each."""
    pictures = [photo(size_px(name), seed) for name in sizes for seed in range(DRAWN_PER_SIZE)]
    weights = [share for share in sizes.values() for _ in range(DRAWN_PER_SIZE)]
    return Deck([Picture(data.removeprefix(JPEG_START)) for data in pictures], weights)


def from_folder(folder: Path) -> Deck:
    """The JPEGs of a folder, all alike in weight. Raises InvalidRequestError: there are none."""
    files = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    found = [Picture(data[2:]) for data in files if data.startswith(JPEG_START)]
    if not found:
        raise InvalidRequestError(f"there is no JPEG in {folder}; give a folder with at least one")
    return Deck(found, [1.0] * len(found))


@dataclass(frozen=True)
class Mixture:
    """How requests are put together. mix: kind -> share; is_repeated: the same bytes may come again."""

    mix: Shares
    items: int
    is_repeated: bool
    seed: int


class Traffic:
    """An endless row of requests: the same row for the same seed, but for their stamps."""

    def __init__(self, envelopes: Mapping[str, Envelope], deck: Deck, mixture: Mixture) -> None:
        self._envelopes = envelopes
        self._deck = deck
        self._mixture = mixture
        self._random = random.Random(mixture.seed)
        self._own = secrets.token_hex(4)  # nor is a stamp one of an earlier run's
        self._numbers = itertools.repeat(0) if mixture.is_repeated else itertools.count()
        self._items: dict[str, Callable[[], Item]] = {"picture": self._picture, "text": self._phrase}

    def next(self) -> Sent:
        mix = self._mixture.mix
        kind = self._random.choices(list(mix), list(mix.values()))[0]
        return self.one(kind)

    def one(self, kind: str) -> Sent:
        """A request of this kind."""
        envelope, make = self._envelopes[kind], self._items[kind]
        items = [make() for _ in range(self._mixture.items)]
        return Sent(envelope, envelope.body(items), len(items))

    def _picture(self) -> Stamped:
        picture = self._random.choices(self._deck.pictures, self._deck.weights)[0]
        return Stamped(stamp(self._mark()), picture)

    def _phrase(self) -> Phrase:
        words = f"a {self._random.choice(COLOURS)} {self._random.choice(THINGS)}"
        return Phrase(words if self._mixture.is_repeated else f"{words} {self._mark()}")

    def _mark(self) -> str:
        return "0" if self._mixture.is_repeated else f"{self._own} {next(self._numbers)}"


def stamp(mark: str) -> bytes:
    """The start of a JPEG and a comment in it, STAMP_BYTES together."""
    text = mark.encode().ljust(STAMP_BYTES - 6, b".")
    return JPEG_START + COMMENT + (len(text) + 2).to_bytes(2, "big") + text

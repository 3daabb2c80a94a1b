"""A JSON config as typed values, with defaults. Does not know which library wrote it or what a key means."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sightline.domain.cards import Depths, ImageRule, TextRule, VisionRule
from sightline.domain.errors import BrokenFileError, MissingFileError

MAX_CONFIG_BYTES = 10_000_000  # the largest seen, with a label per class, has 100 kB

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Facts:
    """What a checkpoint's config files say of it: a card without its name and files."""

    dim: int
    image: ImageRule
    vision: VisionRule
    text: TextRule | None
    depths: Depths


@dataclass(frozen=True)
class Section:
    """One object of a config file. `where` names the file and the keys that led here, for messages.

    Every reader raises BrokenFileError when the value is of another type than asked for. A null counts as
    left out, as it does for the libraries that write these files.
    """

    where: str
    values: Mapping[str, object]

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def raw(self, key: str) -> object:
        return self.values.get(key)

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._typed(key, int, default)
        if value <= 0:
            raise BrokenFileError(f"{self.where}: {key} is {value}; a number above 0 is needed")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Finite and not negative."""
        value = self.values.get(key)
        number = _finite(value)
        if number is not None and number >= 0:
            return number
        if value is None:
            return self._typed(key, float, default)
        raise BrokenFileError(f"{self.where}: {key} is {_shown(value)}; a finite number from 0 is needed")

    def string(self, key: str, default: str | None = None) -> str:
        return self._typed(key, str, default)

    def flag(self, key: str, default: bool) -> bool:
        return self._typed(key, bool, default)

    def triple(self, key: str, default: tuple[float, float, float]) -> tuple[float, float, float]:
        value = self.values.get(key)
        if value is None:
            return default
        numbers = [_finite(item) for item in value] if isinstance(value, list) else []
        match [number for number in numbers if number is not None]:
            case [first, second, third] if len(numbers) == 3:
                return first, second, third
        raise BrokenFileError(f"{self.where}: {key} is {_shown(value)}; three numbers are needed")

    def divisors(self, key: str, default: tuple[float, float, float]) -> tuple[float, float, float]:
        """Three numbers to divide by, so none is 0."""
        triple = self.triple(key, default)
        if 0.0 in triple:
            raise BrokenFileError(f"{self.where}: {key} is {triple}; none may be 0")
        return triple

    def section(self, key: str) -> "Section":
        """The object under a key; an empty one when it is left out."""
        value = self.values.get(key)
        if value is None:
            return Section(f"{self.where} {key}", {})
        if not isinstance(value, dict):
            raise BrokenFileError(f"{self.where}: {key} is {value!r}; an object is needed")
        return Section(f"{self.where} {key}", value)

    def _typed(self, key: str, wanted: type[_Value], default: _Value | None) -> _Value:
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise BrokenFileError(f"{self.where} lacks {key}")
            return default
        if type(value) is not wanted:  # not isinstance: true is an int in Python
            raise BrokenFileError(f"{self.where}: {key} is {value!r}; needed: {wanted.__name__}")
        return value


def read_section(path: Path) -> Section:
    """A whole JSON file as one section.

    Raises MissingFileError: it cannot be read. BrokenFileError: it is too large, or no JSON object.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as exc:
        raise MissingFileError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}") from exc
    if len(text) > MAX_CONFIG_BYTES:
        raise BrokenFileError(f"{path} has more than {MAX_CONFIG_BYTES} bytes; no config file needs so many")
    try:
        values = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise BrokenFileError(f"{path} holds no valid JSON; fetch it again") from exc
    if not isinstance(values, dict):
        raise BrokenFileError(f"{path} holds no JSON object; fetch it again")
    return Section(path.name, values)


def _finite(value: object) -> float | None:
    """A number as a float; None for anything else, and for what no float can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    return repr(value)[:100]


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(constant)

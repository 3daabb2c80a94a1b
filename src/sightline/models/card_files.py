"""The cards that ship with Sightline, read from cards/*.toml. Does not know tensors, graphs or the hub."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from sightline.domain.cards import Card, Depths
from sightline.domain.errors import BrokenFileError, UnknownModelError

Layout = Literal["clip", "siglip", "dinov2", "open_clip"]

CARDS = Path(__file__).parent / "cards"
BUNDLED = Path(__file__).parent / "bundled"  # weights that ship with the package, a folder per card

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class VisionShape:
    width: int
    depth: int
    mlp: int


@dataclass(frozen=True)
class TextShape:
    width: int
    depth: int
    mlp: int
    vocab: int


@dataclass(frozen=True)
class Shapes:
    """Real sizes of a checkpoint, to make a random one: a real one says them itself, but for its depth.

    grid: position embeddings per side.
    """

    layout: Layout
    patch_px: int
    grid: int
    vision: VisionShape
    text: TextShape | None


def card_names() -> list[str]:
    """The names of all cards, sorted."""
    return sorted(path.stem for path in CARDS.glob("*.toml"))


def card(name: str) -> Card:
    """The card of that name.

    Raises UnknownModelError: there is none; the message lists the names and the closest.
    BrokenFileError: its file has keys missing, unknown or of another type.
    """
    facts, sizes = _parsed(name)
    depths = Depths(sizes.vision.depth, sizes.text.depth if sizes.text else None) if sizes else Depths()
    return replace(facts, bundled=(BUNDLED / name).is_dir(), depths=depths)


def shapes(name: str) -> Shapes:
    """The real sizes of a card's checkpoint.

    Raises UnknownModelError: there is no such card, or its file has no [shapes].
    """
    sizes = _parsed(name)[1]
    if sizes is None:
        stated = [other for other in card_names() if _parsed(other)[1]]
        raise UnknownModelError(f"the card {name!r} states no sizes; cards that do: {', '.join(stated)}")
    return sizes


def parse_card(name: str, text: str) -> tuple[Card, Shapes | None]:
    """A card file's text as a card, and its sizes where it states them.

    Raises BrokenFileError: no TOML, or keys missing, unknown or of another type.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise BrokenFileError(f"card {name!r} is no valid TOML: {exc}") from exc
    sizes = document.pop("shapes", None)
    facts = _record(Card, {"name": name, **document}, f"card {name!r}")
    return facts, None if sizes is None else _record(Shapes, sizes, f"card {name!r} [shapes]")


def unknown_model(name: str, reason: str) -> UnknownModelError:
    """The error for a name that is nothing Sightline can load, with the names that it can."""
    close = difflib.get_close_matches(name.lower(), card_names(), n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return UnknownModelError(
        f"{reason}.{hint} Give a card's name ({', '.join(card_names())}), the folder of a checkpoint, "
        "or a hub id such as 'openai/clip-vit-base-patch32'."
    )


@cache
def _parsed(name: str) -> tuple[Card, Shapes | None]:
    if name not in card_names():  # before any path is built from it
        raise unknown_model(name, f"no model is called {name!r}")
    return parse_card(name, (CARDS / f"{name}.toml").read_text(encoding="utf-8"))


def _record(cls: type[_Record], table: object, where: str) -> _Record:
    """A frozen dataclass from a TOML table: its keys are the fields, those of `T | None` may be left out."""
    if not isinstance(table, Mapping):
        raise BrokenFileError(f"{where} is {table!r}; a table is needed")
    hints = get_type_hints(cls)
    for told_by_the_files in ("bundled", "depths"):
        hints.pop(told_by_the_files, None)
    optional = {key for key, hint in hints.items() if type(None) in get_args(hint)}
    missing = sorted(hints.keys() - optional - table.keys())
    unknown = sorted(table.keys() - hints.keys())
    if missing or unknown:
        faults = [f"lacks {', '.join(missing)}"] * bool(missing) + [
            f"has unknown {', '.join(unknown)}"
        ] * bool(unknown)
        raise BrokenFileError(f"{where} {' and '.join(faults)}; its keys are {', '.join(hints)}")
    return cls(**{key: _value(hint, table.get(key), f"{where} {key}") for key, hint in hints.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    options = get_args(hint)
    if type(None) in options:
        return None if value is None else _value(options[0], value, where)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, value, where)
    if get_origin(hint) is Literal:
        fits, wanted = value in options, " or ".join(map(repr, options))
    elif get_origin(hint) is tuple:
        fits = isinstance(value, list) and len(value) == len(options)
        fits, wanted = fits and all(type(item) is float for item in value), f"{len(options)} decimal numbers"
    else:
        fits, wanted = type(value) is hint, hint.__name__
    if not fits:
        raise BrokenFileError(f"{where} is {value!r}; needed: {wanted}")
    return tuple(value) if isinstance(value, list) else value.strip() if isinstance(value, str) else value

"""Carries out `sightline models list | show | pull | synthesize`. Runs no model and knows no engine."""

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from huggingface_hub.utils.tqdm import disable_progress_bars

from sightline.bootstrap import hub_of, load_options
from sightline.cli.loading import settings_for
from sightline.cli.screen import note, show_facts, show_json, show_table, size_of
from sightline.domain.cards import Card
from sightline.domain.errors import MissingFileError, ModelError
from sightline.models.card_files import card, card_names, shapes
from sightline.models.checkpoint import Checkpoint, find, fingerprint
from sightline.models.hub import Hub
from sightline.models.synthesize import Dtype, synthesize
from sightline.models.synthetic_tensors import draws

Where = Literal["bundled", "fetched", "local", "not fetched", "damaged"]


@dataclass(frozen=True)
class Entry:
    """One line of the list. bytes: of the files, where they are here."""

    name: str
    dim: int
    size_px: int
    modalities: tuple[str, ...]
    parameters: int
    here: Where
    bytes: int | None
    licence: str


@dataclass(frozen=True)
class Recipe:
    """What to synthesize, and where."""

    card: str
    out: Path
    layers: int | None
    seed: int
    dtype: Dtype


def show_all(*, as_json: bool) -> None:
    """Print one line per card."""
    hub = _hub_without_network()
    entries = [_entry(card(name), hub) for name in card_names()]
    if as_json:
        show_json([asdict(entry) for entry in entries])
        return
    columns = ("name", ">dim", ">picture", ">weights", "text", "here", "licence")  # 80 characters at most
    show_table(columns, [_row(entry) for entry in entries])


def show_one(name: str, *, as_json: bool) -> None:
    """Print the card, and what its files say where they are here. Raises ModelError: it is not known."""
    checkpoint = _if_here(name, _hub_without_network())
    # of a folder or a hub id nothing is known but its files: then the error says what is missing
    facts = _facts(card(name) if checkpoint is None else checkpoint.card, checkpoint)
    if as_json:
        show_json(facts)
    else:
        show_facts({key: _plain(value) for key, value in facts.items()})


def pull(name: str, *, as_json: bool) -> None:
    """Fetch, verify and lock. Raises ModelError: out of reach, or not what the lock says."""
    if not sys.stderr.isatty():
        disable_progress_bars()
    checkpoint = find(name, hub_of(settings_for({})))
    verdict = checkpoint.verify()
    if as_json:
        show_json({**_facts(checkpoint.card, checkpoint), "verdict": verdict})
        return
    size = size_of(_bytes(checkpoint))
    note(f"{checkpoint.card.name}: {len(checkpoint.files)} files, {size}, in {checkpoint.folder}; {verdict}")


def synthesize_card(recipe: Recipe, *, as_json: bool) -> None:
    """Write a random checkpoint. Raises UnknownModelError, SettingsError."""
    made = synthesize(recipe.card, recipe.out, seed=recipe.seed, layers=recipe.layers, dtype=recipe.dtype)
    if as_json:
        show_json({**asdict(made), "folder": str(made.folder)})
        return
    note(f"{made.folder}: {size_of(made.parameters, '')} random parameters, {size_of(made.weight_bytes)}")


def _hub_without_network() -> Hub:
    settings = settings_for({})
    return hub_of(settings.model_copy(update={"offline": True}))


def _if_here(name: str, hub: Hub) -> Checkpoint | None:
    """None for a card whose files were never fetched."""
    try:
        return find(name, hub)
    except MissingFileError:
        if name in card_names():
            return None
        raise


def _entry(facts: Card, hub: Hub) -> Entry:
    damage = None
    try:
        checkpoint = _if_here(facts.name, hub)
    except ModelError as error:  # the others are still to be listed
        checkpoint, damage = None, error
        note(f"{facts.name}: {damage}")
    parts = draws(shapes(facts.name), facts.dim, facts.text.context_length if facts.text else 0)
    return Entry(
        name=facts.name,
        dim=facts.dim,
        size_px=facts.image.size_px,
        modalities=_modalities(facts),
        parameters=sum(math.prod(part.shape) for part in parts),
        here="damaged" if damage else _where(facts, checkpoint),
        bytes=None if checkpoint is None else _bytes(checkpoint),
        licence=facts.licence,
    )


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        str(entry.dim),
        f"{entry.size_px} px",
        size_of(entry.parameters, ""),
        "yes" if "text" in entry.modalities else "no",
        entry.here if entry.bytes is None else f"{entry.here}, {size_of(entry.bytes)}",
        entry.licence.partition(" (")[0],
    )


def _facts(facts: Card, checkpoint: Checkpoint | None) -> dict[str, object]:
    document: dict[str, object] = {**asdict(facts), "modalities": _modalities(facts)}
    document["about"] = " ".join(facts.about.split())
    document["here"] = _where(facts, checkpoint)
    if checkpoint is None:
        return document
    lock = checkpoint.lock_file
    return document | {
        "folder": str(checkpoint.folder),
        "files": {name: path.stat().st_size for name, path in checkpoint.files.items()},
        "commit": checkpoint.commit,
        "lock": str(lock) if lock is not None and lock.exists() else None,
        "fingerprint": fingerprint(checkpoint, repr(load_options(settings_for({})).crop_rule)),
    }


def _modalities(facts: Card) -> tuple[str, ...]:
    return ("image", "text") if facts.embeds_text else ("image",)


def _where(facts: Card, checkpoint: Checkpoint | None) -> Where:
    if checkpoint is None:
        return "not fetched"
    if facts.bundled:
        return "bundled"
    return "fetched" if checkpoint.card.repo else "local"


def _bytes(checkpoint: Checkpoint) -> int:
    return sum(path.stat().st_size for path in checkpoint.files.values())


def _plain(value: object) -> str:
    """A nested table as `key value, key value`; nothing as a dash."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return "-" if value is None else str(value)

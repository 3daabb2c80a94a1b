"""Carries out `sightline models verify`: cosines of engines, precisions, the reference. Knows no library."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import typer

from sightline.bootstrap import LoadOptions, load_model, load_options, make_engine
from sightline.cli.failures import ExitCode
from sightline.cli.loading import settings_for
from sightline.cli.models.references import missing_packages, reference
from sightline.cli.screen import note, show_json, show_table
from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.cards import ImageRule
from sightline.domain.errors import EngineUnavailableError, NoTextTowerError
from sightline.domain.records import Precision
from sightline.models.checkpoint import find
from sightline.models.hub import HubFetcher
from sightline.registry import PREFERRED
from sightline.services.model import Model

LEAST_COSINE: dict[Precision, float] = {"f32": 0.9999, "bf16": 0.999}
PICTURES = 4
SENTENCES = ("a red dress", "a photo of two dogs on the beach, in the evening", "42")


@dataclass(frozen=True)
class Inputs:
    """squares: (N, size, size, 3) uint8 noise. ids: None where the model embeds no text."""

    squares: UInt8
    ids: Int64 | None


@dataclass(frozen=True)
class Vectors:
    pictures: Float32
    texts: Float32 | None


@dataclass(frozen=True)
class Row:
    """The least cosines of one comparison; `needed` is the least that passes."""

    engine: str
    precision: Precision
    compared_with: str
    pictures: float
    texts: float | None
    needed: float

    @property
    def passes(self) -> bool:
        return min(self.pictures, 1.0 if self.texts is None else self.texts) >= self.needed


def verify_model(name: str, *, as_json: bool) -> None:
    """Compare and print. Raises typer.Exit(1): a cosine is too low; SightlineError: it cannot load."""
    options = replace(load_options(settings_for({})), crop_rule=None)
    rows = list(_rows(name, options))
    is_good = all(row.passes for row in rows)
    if as_json:
        show_json(
            {
                "model": name,
                "passes": is_good,
                "rows": [{**asdict(row), "passes": row.passes} for row in rows],
            }
        )
    else:
        columns = ("engine", "precision", "compared with", ">pictures", ">texts", ">needed", "")
        show_table(columns, [_cells(row) for row in rows], title="least cosines")
    if not is_good:
        raise typer.Exit(ExitCode.ERROR)


def _rows(name: str, options: LoadOptions) -> Iterator[Row]:
    variants = _variants(options)
    first = _load(name, options, variants[0])
    inputs = _inputs(first)
    expected, source = _reference_vectors(name, options, inputs)
    if expected is None:
        expected, source = _vectors(first, inputs), " ".join(variants[0])
    del first  # models of gigabytes are held one at a time
    for engine, precision in variants:
        model = _load(name, options, (engine, precision))
        found = _vectors(model, inputs)
        needed = LEAST_COSINE[precision]
        if source != f"{engine} {precision}":
            yield _row(engine, precision, source, (found, expected), needed=needed)
        # a row of a batch takes the same path through the same graph: here f32 is nearly equal, bf16 is not
        yield _row(engine, precision, "one by one", (found, _one_by_one(model, inputs)), needed=needed)


def _variants(options: LoadOptions) -> list[tuple[str, Precision]]:
    """Every installed engine in f32, and in the precision it takes by itself. Raises EngineError: none is."""
    found: list[tuple[str, Precision]] = []
    for name in PREFERRED:
        try:
            fastest = make_engine(replace(options, engine=name, precision="auto")).precision
        except EngineUnavailableError:
            continue
        found += [(name, precision) for precision in dict.fromkeys(("f32", fastest))]
    if not found:
        make_engine(replace(options, engine="auto"))  # says what to install
    return found


def _load(name: str, options: LoadOptions, variant: tuple[str, Precision]) -> Model:
    note(f"{name}: running {' '.join(variant)}")
    return load_model(name, replace(options, engine=variant[0], precision=variant[1]))


def _inputs(model: Model) -> Inputs:
    size = model.card.image.size_px
    squares = np.random.default_rng(0).integers(0, 256, (PICTURES, size, size, 3), dtype=np.uint8)
    try:
        return Inputs(squares, model.prepare_texts(SENTENCES))
    except NoTextTowerError:  # or no tokenizer beside it, without which nobody can embed text with it
        return Inputs(squares, None)


def _vectors(model: Model, inputs: Inputs) -> Vectors:
    texts = None if inputs.ids is None else model.run_texts(inputs.ids)
    return Vectors(model.run_images(inputs.squares), texts)


def _one_by_one(model: Model, inputs: Inputs) -> Vectors:
    pictures = np.concatenate([model.run_images(square[np.newaxis]) for square in inputs.squares])
    if inputs.ids is None:
        return Vectors(pictures, None)
    return Vectors(pictures, np.concatenate([model.run_texts(row[np.newaxis]) for row in inputs.ids]))


def _reference_vectors(name: str, options: LoadOptions, inputs: Inputs) -> tuple[Vectors | None, str]:
    """What the model's own library makes of the inputs, and its name; None where it is not installed."""
    checkpoint = find(name, options.hub)
    missing = missing_packages(checkpoint)
    if missing:
        note(f"no reference to compare with; for one: pip install {' '.join(missing)}")
        return None, ""
    library = reference(checkpoint, HubFetcher(options.hub))
    note(f"{name}: running {library.name}")
    texts = None if inputs.ids is None else library.embed_ids(inputs.ids)
    return Vectors(
        library.embed_pixels(_normalised(inputs.squares, checkpoint.card.image)), texts
    ), library.name


def _normalised(squares: UInt8, rule: ImageRule) -> Float32:
    """(N, S, S, 3) uint8 -> (N, 3, S, S) float32, as every reference does before its first layer."""
    scaled = squares.astype(np.float32) / 255
    channels_last = (scaled - np.array(rule.mean, np.float32)) / np.array(rule.std, np.float32)
    return np.ascontiguousarray(channels_last.transpose(0, 3, 1, 2))


def _row(
    engine: str, precision: Precision, source: str, pair: tuple[Vectors, Vectors], *, needed: float
) -> Row:
    ours, theirs = pair
    texts = None
    if ours.texts is not None and theirs.texts is not None:
        texts = _least_cosine(ours.texts, theirs.texts)
    return Row(engine, precision, source, _least_cosine(ours.pictures, theirs.pictures), texts, needed)


def _least_cosine(ours: Float32, theirs: Float32) -> float:
    """Of unit vectors (N, dim), row by row; never above 1."""
    return min(1.0, float((ours.astype(np.float64) * theirs).sum(axis=1).min()))


def _cells(row: Row) -> tuple[str, ...]:
    texts = "" if row.texts is None else f"{row.texts:.7f}"
    verdict = "ok" if row.passes else "too low"
    return (
        row.engine,
        row.precision,
        row.compared_with,
        f"{row.pictures:.7f}",
        texts,
        f"{row.needed}",
        verdict,
    )

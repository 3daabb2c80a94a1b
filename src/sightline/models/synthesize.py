"""Checkpoints of real shapes with random weights, for benchmarks and tests. Does not know real ones."""

import json
import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Literal

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import SettingsError
from sightline.models.card_files import Shapes, card, shapes
from sightline.models.checkpoint import find, lock_folder
from sightline.models.configs import CONFIG, OPEN_CLIP_CONFIG, PREPROCESSOR, PROCESSOR, TOKENIZER
from sightline.models.hub import Hub
from sightline.models.lock import FOLDER_LOCK
from sightline.models.synthetic_files import TOKENIZER_CONFIG, small_files
from sightline.models.synthetic_tensors import Draw, draws, values
from sightline.models.tensors import ITEM_BYTES, LENGTH_BYTES

Dtype = Literal["F32", "F16", "BF16"]

MARKER: Final = "synthesized.json"
OURS: Final = (CONFIG, PREPROCESSOR, PROCESSOR, OPEN_CLIP_CONFIG, TOKENIZER, TOKENIZER_CONFIG, FOLDER_LOCK)


@dataclass(frozen=True)
class Synthesis:
    """What was written: the folder, and how many values and bytes its weights have."""

    folder: Path
    parameters: int
    weight_bytes: int


def synthesize(
    card_name: str,
    out_dir: Path,
    *,
    seed: int = 0,
    layers: int | None = None,
    dtype: Dtype = "F32",
) -> Synthesis:
    """Write a checkpoint that loads as `card_name` and has random weights, tensor by tensor.

    The same seed gives the same bytes. `layers` cuts both towers to that depth.

    Raises UnknownModelError: no such card, or one that states no sizes. SettingsError: out_dir holds other
    things, or the disk has too little room.
    """
    facts, sizes = card(card_name), _cut(shapes(card_name), layers)
    parts = draws(sizes, facts.dim, facts.text.context_length if facts.text else 0)
    parameters = sum(math.prod(part.shape) for part in parts)
    _prepare(out_dir, parameters * ITEM_BYTES[dtype])
    (out_dir / MARKER).write_text(
        json.dumps({"card": card_name, "seed": seed, "layers": layers, "dtype": dtype})
    )
    for name, text in small_files(facts, sizes).items():
        (out_dir / name).write_text(text, encoding="utf-8")
    partial = out_dir / f"{facts.weights}.partial"
    with partial.open("wb") as file:
        _write_weights(file, parts, seed, dtype)
    partial.replace(out_dir / facts.weights)
    lock_folder(find(str(out_dir), Hub()))
    return Synthesis(out_dir, parameters, (out_dir / facts.weights).stat().st_size)


def _cut(sizes: Shapes, layers: int | None) -> Shapes:
    if layers is None:
        return sizes
    if layers < 1:
        raise SettingsError(f"layers is {layers}; at least 1 is needed")
    text = sizes.text and replace(sizes.text, depth=min(layers, sizes.text.depth))
    return replace(sizes, vision=replace(sizes.vision, depth=min(layers, sizes.vision.depth)), text=text)


def _prepare(out_dir: Path, needed_bytes: int) -> None:
    if out_dir.exists() and not out_dir.is_dir():
        raise SettingsError(f"{out_dir} is a file; give a folder")
    if out_dir.is_dir() and any(out_dir.iterdir()) and not (out_dir / MARKER).is_file():
        raise SettingsError(
            f"{out_dir} holds files that are no synthesized checkpoint, and they would be mixed with one; "
            "give an empty or a new folder"
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    for name in OURS:  # of another layout they would describe weights that are no longer there
        (out_dir / name).unlink(missing_ok=True)
    free = shutil.disk_usage(out_dir).free
    if free < needed_bytes:
        raise SettingsError(
            f"{out_dir} has room for {free / 1e9:.1f} GB, {needed_bytes / 1e9:.1f} GB are needed; "
            "choose another disk, or fewer layers"
        )


def _write_weights(file: BinaryIO, parts: list[Draw], seed: int, dtype: Dtype) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt", "made_by": "sightline models synthesize"}}
    offset = 0
    for part in parts:
        end = offset + math.prod(part.shape) * ITEM_BYTES[dtype]
        header[part.name] = {"dtype": dtype, "shape": part.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % LENGTH_BYTES)  # so that the data begins aligned, as the format asks
    file.write(len(text).to_bytes(LENGTH_BYTES, "little"))
    file.write(text)
    for number, part in enumerate(parts):
        for chunk in values(part, (seed, number)):
            file.write(_encoded(chunk, dtype))


def _encoded(chunk: Float32, dtype: Dtype) -> bytes:
    if dtype == "F32":
        return chunk.astype("<f4").tobytes()
    if dtype == "F16":
        return chunk.astype("<f2").tobytes()
    bits = chunk.view(np.uint32)
    nearest_even = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (nearest_even >> np.uint32(16)).astype("<u2").tobytes()

"""The pictures mini learns from and is measured on: photos of clothes, and our own drawings.

Knows nothing of models or losses. Everything is decoded once, to uint8 arrays kept in a work folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drawings import COLOURS, KINDS, Product, draw, products

Uint8 = NDArray[np.uint8]

PHOTO_KINDS = {"outwear": "jacket"}  # the one photo folder whose name is not a drawn kind
PHOTO_PX = 160  # a little more than the model sees, so that random crops need no enlarging
DRAWING_PX = 128
HELD_OUT_SHARE = 10  # one photo in ten


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos and the kind of each; `is_held_out` marks those that nothing is ever trained on."""

    pixels: Uint8  # (N, PHOTO_PX, PHOTO_PX, 3)
    kinds: NDArray[np.int64]  # (N,) index into KINDS
    is_held_out: NDArray[np.bool_]  # (N,)


@dataclass(frozen=True, slots=True)
class Drawings:
    pixels: Uint8  # (N, DRAWING_PX, DRAWING_PX, 3)
    products: list[Product]


def is_held_out_photo(path: Path) -> bool:
    return int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


def is_held_out_pair(colour: str, kind: str) -> bool:
    """One colour of every kind, never drawn for training: is "red" understood for a kind not seen in red?"""
    return (5 * KINDS.index(kind) + 2) % len(COLOURS) == list(COLOURS).index(colour)


def photo_paths(folder: Path) -> list[Path]:
    """Every <class>/*.jpg, sorted. The folder may be the data set's root or its train/ folder."""
    root = folder / "train" if (folder / "train").is_dir() else folder
    paths = sorted(root.glob("*/*.jpg"))
    if not paths:
        raise SystemExit(f"no <class>/*.jpg found under {root}")
    return paths


def decoded(path: Path, size_px: int) -> Uint8:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB").resize((size_px, size_px), Image.Resampling.BICUBIC))


def _decoded_photo(path: Path) -> Uint8:
    return decoded(path, PHOTO_PX)


def kind_of_photo(path: Path) -> int:
    return KINDS.index(PHOTO_KINDS.get(path.parent.name, path.parent.name))


def load_photos(folder: Path) -> Photos:
    paths = photo_paths(folder)
    with ProcessPoolExecutor() as pool:
        pixels = np.stack(list(pool.map(_decoded_photo, paths, chunksize=64)))
    kinds = np.array([kind_of_photo(path) for path in paths])
    return Photos(pixels, kinds, np.array([is_held_out_photo(path) for path in paths]))


def _drawn(job: tuple[Product, int]) -> Uint8:
    product, seed = job
    return np.asarray(draw(product, DRAWING_PX, seed))


def draw_many(wanted: Sequence[Product], seed: int) -> Drawings:
    jobs = [(product, seed * 1_000_003 + number) for number, product in enumerate(wanted)]
    with ProcessPoolExecutor() as pool:
        return Drawings(np.stack(list(pool.map(_drawn, jobs, chunksize=128))), list(wanted))


def training_drawings(count: int, seed: int, cache: Path) -> Drawings:
    """Drawings without the held-out pairs; pixels are kept in `cache`, since drawing takes minutes."""
    wanted = [p for p in products(count, seed) if not is_held_out_pair(p.colour, p.kind)]
    kept = cache / f"drawings-{count}-{seed}-{DRAWING_PX}.npy"
    if kept.exists():
        return Drawings(np.load(kept), wanted)
    drawn = draw_many(wanted, seed)
    cache.mkdir(parents=True, exist_ok=True)
    np.save(kept, drawn.pixels)
    return drawn


def gallery_drawings(count: int, seed: int) -> Drawings:
    """Freshly drawn pictures of all pairs, held-out ones too."""
    return draw_many(list(products(count, seed)), seed)

"""What mini is checked by at every start: `python -m training.canary`. To be run after each training.

Draws a picture, has transformers turn it and a sentence into vectors, and locks the folder with them.
Knows nothing of how Sightline computes: a check against its own vectors would prove nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import transformers

from drawings import Product, draw
from sightline.models.canaries import CANARY, CANARY_FILES, FORMAT, PICTURE
from sightline.models.lock import FOLDER_LOCK, Lock, sha256_of, write_lock
from training.augment import IMAGE_PX
from training.evaluate import load_mini
from training.pictures import decoded

PRODUCT = Product("dress", "red", "striped", "room")
SENTENCE = "a red striped dress in a room"
SEED, WIDTH_PX, HEIGHT_PX = 5, 160, 120  # not square, so that another rule of resizing shows
DIGITS = 8  # of nine that a float32 has: a cosine moves by less than 1e-12


def write_canary(folder: Path) -> None:
    """Write canary.png, canary.json and the lock that knows them beside the weights."""
    draw(PRODUCT, WIDTH_PX, SEED).crop((0, 0, WIDTH_PX, HEIGHT_PX)).save(folder / PICTURE, optimize=True)
    mini = load_mini(folder)
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    facts = {
        "format": FORMAT,
        "made_by": f"CLIPModel of {versions}, float32",
        "sentence": SENTENCE,
        "picture_vector": _rounded(mini.see(np.stack([decoded(folder / PICTURE, IMAGE_PX)]))[0]),
        "sentence_vector": _rounded(mini.read([SENTENCE])[0]),
    }
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items())
    (folder / CANARY).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    configs = ("config.json", "preprocessor_config.json")  # as a folder of somebody's own is locked
    names = ("model.safetensors", "tokenizer.json", *configs, *CANARY_FILES)
    write_lock(folder / FOLDER_LOCK, Lock(None, {name: sha256_of(folder / name) for name in names}))
    (folder / FOLDER_LOCK).chmod(0o644)  # it ships, and must be readable by whoever runs the package


def _rounded(vector: Sequence[float]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in vector]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("src/sightline/models/bundled/mini"))
    write_canary(parser.parse_args().model)


if __name__ == "__main__":
    main()

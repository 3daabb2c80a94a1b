"""Opens the folders of tests/golden: a small checkpoint and what the reference library made of it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from sightline.domain.cards import Card
from sightline.domain.records import TensorSlice
from sightline.models.binding import bind
from sightline.models.configs import card_from_folder
from sightline.models.graph import FamilyGraphs
from sightline.models.tensors import read_tensors

GOLDEN = Path(__file__).parent / "golden"
FOLDERS = ("clip", "clip_gelu", "siglip", "siglip_open_clip", "dinov2")
WITH_TEXT = FOLDERS[:-1]
PIXELS_OF = {"siglip_open_clip": "pixels_b"}
WEIGHTS = {"siglip_open_clip": "open_clip_model.safetensors"}


@dataclass(frozen=True)
class Reference:
    """inputs and outputs as the reference library saw and gave them, float32."""

    card: Card
    tensors: dict[str, TensorSlice]
    pixels: NDArray[np.float32]
    outputs: dict[str, NDArray[np.generic]]

    def graphs(self, *, with_hidden: bool = False) -> FamilyGraphs:
        vision, text = bind(self.card, self.tensors)
        return FamilyGraphs(self.card, vision, text, with_hidden=with_hidden)


def weights_path(folder: str) -> Path:
    return GOLDEN / folder / WEIGHTS.get(folder, "model.safetensors")


@cache
def reference(folder: str) -> Reference:
    return Reference(
        card=card_from_folder(GOLDEN / folder, folder),
        tensors=read_tensors(weights_path(folder)),
        pixels=pixels(PIXELS_OF.get(folder, "pixels_a")),
        outputs=load_file(GOLDEN / folder / "io.safetensors"),
    )


@cache
def pixels(name: str) -> NDArray[np.float32]:
    values = load_file(GOLDEN / "inputs" / f"{name}.safetensors")["pixel_values"]
    return values.astype(np.float32)


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row by row, for (N, D) of any length."""
    return (a * b).sum(axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))

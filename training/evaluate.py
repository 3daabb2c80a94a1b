"""How good is mini? `python -m training.evaluate --model DIR --photos DIR` measures an exported folder.

Knows nothing of training: it reads the files as any user would, with transformers and tokenizers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import CLIPModel

from drawings import KINDS
from training.augment import as_floats
from training.model import image_vectors, text_vectors
from training.pictures import (
    Drawings,
    decoded,
    gallery_drawings,
    is_held_out_pair,
    is_held_out_photo,
    kind_of_photo,
    photo_paths,
)

Vectors = NDArray[np.float32]
NEAREST = 10


@dataclass(frozen=True, slots=True)
class Mini:
    """Model and tokenizer, able to embed pictures already at the model's size."""

    model: CLIPModel
    tokenizer: Tokenizer

    @torch.no_grad()
    def see(self, pixels: NDArray[np.uint8]) -> Vectors:
        batches = torch.from_numpy(pixels).split(256)
        return np.concatenate([image_vectors(self.model, as_floats(batch)).numpy() for batch in batches])

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> Vectors:
        ids = torch.tensor([encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))])
        return text_vectors(self.model, ids).numpy()


def load_mini(folder: Path) -> Mini:
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    model.set_attn_implementation("eager")
    return Mini(model, Tokenizer.from_file(str(folder / "tokenizer.json")))


def neighbour_scores(
    asked: Vectors, kinds: NDArray[np.int64], gallery: Vectors, gallery_kinds: NDArray[np.int64]
) -> dict[str, float]:
    """Same-kind precision@10 and 10-nearest-neighbour accuracy (majority; ties to the nearer).

    If `gallery` is `asked` itself, each picture is left out of its own gallery.
    """
    similarity = asked @ gallery.T
    if gallery is asked:
        np.fill_diagonal(similarity, -np.inf)
    nearest = gallery_kinds[np.argsort(-similarity, axis=1, kind="stable")[:, :NEAREST]]  # (N, 10)
    votes = (nearest[:, :, None] == np.arange(len(KINDS))).sum(1) * 1.0
    first = np.argmax(nearest[:, :, None] == np.arange(len(KINDS)), axis=1)
    guess = np.argmax(votes - first / 100, axis=1)
    same = nearest == kinds[:, None]
    return {"precision_at_10": float(same.mean()), "knn_accuracy": float((guess == kinds).mean())}


def photo_scores(mini: Mini, folder: Path) -> dict[str, dict[str, float]]:
    """Held-out photos, against each other (leave one out) and against the training photos."""
    paths = photo_paths(folder)
    side = mini.model.config.vision_config.image_size
    vectors = mini.see(np.stack([decoded(path, side) for path in paths]))
    kinds = np.array([kind_of_photo(path) for path in paths])
    held = np.array([is_held_out_photo(path) for path in paths])
    asked = vectors[held]
    return {
        "leave_one_out": neighbour_scores(asked, kinds[held], asked, kinds[held]),
        "against_training": neighbour_scores(asked, kinds[held], vectors[~held], kinds[~held]),
        "zero_shot": {"accuracy": _named_rightly(mini, asked, kinds[held])},
    }


def _named_rightly(mini: Mini, asked: Vectors, kinds: NDArray[np.int64]) -> float:
    """Share of photos whose nearest "a <kind>", among the kinds photographed, is the right one."""
    photographed = np.unique(kinds)
    names = mini.read([f"a photo of a {KINDS[kind]}" for kind in photographed])
    return float((photographed[np.argmax(asked @ names.T, axis=1)] == kinds).mean())


def _precision(scores: Vectors, right: NDArray[np.bool_]) -> float:
    return float(right[np.argsort(-scores)[:NEAREST]].mean())


def query_scores(mini: Mini, gallery: Drawings, vectors: Vectors) -> dict[str, float]:
    """Precision@10 of "a <colour> <kind>" over held-out and seen pairs, and of "a <pattern> <kind>"."""
    held, seen, patterned = [], [], []
    for colour, kind in sorted({(p.colour, p.kind) for p in gallery.products}):
        right = np.array([p.colour == colour and p.kind == kind for p in gallery.products])
        if right.sum() >= NEAREST:
            score = _precision(vectors @ mini.read([f"a {colour} {kind}"])[0], right)
            (held if is_held_out_pair(colour, kind) else seen).append(score)
    for pattern, kind in sorted({(p.pattern, p.kind) for p in gallery.products}):
        right = np.array([p.pattern == pattern and p.kind == kind for p in gallery.products])
        if right.sum() >= NEAREST:
            patterned.append(_precision(vectors @ mini.read([f"a {pattern} {kind}"])[0], right))
    means = {"held_out_pairs": held, "seen_pairs": seen, "pattern_and_kind": patterned}
    return {name: float(np.mean(scores)) for name, scores in means.items()}


def evaluate(folder: Path, photos: Path, drawn: int = 6000) -> dict[str, object]:
    mini = load_mini(folder)
    gallery = gallery_drawings(drawn, seed=777)
    return {
        "photos": photo_scores(mini, photos),
        "drawings": query_scores(mini, gallery, mini.see(gallery.pixels)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/clothing"))
    given = parser.parse_args()
    print(json.dumps(evaluate(given.model, given.photos), indent=2))


if __name__ == "__main__":
    main()

"""The last lesson: the vision tower stands still, and the text tower learns to read to it.

Knows no files. Pictures are turned into vectors once, so that a step costs only text, and captions that
differ in nothing but the pattern can be set against each other by the hundred.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import CLIPModel

from drawings import PATTERNS, Product
from training import losses
from training.augment import DRAWING, GENTLE, views
from training.model import image_vectors, text_vectors
from training.pictures import Drawings, Photos
from training.schedule import warm_cosine
from training.words import OPEN, Scribe, caption_for, facts_of, photo_caption, truth

PEAK_RATE = 1e-3
LOOKED_AT = 8_000  # drawings; more would take longer to look at than to read about
DRAWINGS, PHOTOS = 256, 64  # of a batch


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the finished vision tower makes of the training pictures."""

    drawn: Tensor  # (N, PROJECTION_DIM)
    products: list[Product]
    photographed: Tensor  # (M, PROJECTION_DIM)
    kinds: Tensor  # (M,)


@torch.no_grad()
def hang(model: CLIPModel, photos: Photos, drawings: Drawings) -> Gallery:
    kept = ~photos.is_held_out
    drawn = torch.from_numpy(drawings.pixels[:LOOKED_AT])
    photographed = torch.from_numpy(photos.pixels[kept])
    return Gallery(
        torch.cat([image_vectors(model, views(batch, DRAWING)) for batch in drawn.split(256)]),
        drawings.products[:LOOKED_AT],
        torch.cat([image_vectors(model, views(batch, GENTLE)) for batch in photographed.split(256)]),
        torch.from_numpy(photos.kinds[kept]),
    )


class Reader:
    """Batches of picture vectors, and captions both true and nearly true."""

    def __init__(self, gallery: Gallery, scribe: Scribe, seed: int) -> None:
        self._gallery, self._scribe, self._rng = gallery, scribe, random.Random(seed)
        self._facts = torch.tensor([facts_of(product) for product in gallery.products])

    def loss(self, model: CLIPModel) -> Tensor:
        gallery, rng = self._gallery, self._rng
        some = torch.randint(len(gallery.products), (DRAWINGS,))
        few = torch.randint(len(gallery.kinds), (PHOTOS,))
        shown = [gallery.products[int(i)] for i in some]
        twins = [replace(product, pattern=rng.choice(PATTERNS)) for product in shown]
        said = [caption_for(product, rng) for product in (*shown, *twins)]
        said += [photo_caption(int(kind), rng) for kind in gallery.kinds[few]]
        written = self._scribe.write(said)
        unknown = torch.full((PHOTOS, 3), OPEN)
        facts = torch.cat([self._facts[some], torch.cat([gallery.kinds[few][:, None], unknown], 1)])
        image = torch.cat([gallery.drawn[some], gallery.photographed[few]])
        with torch.autocast("cpu", torch.bfloat16):
            text = text_vectors(model, written.ids)
        scale = model.logit_scale.exp().clamp(max=50)
        return losses.matching_loss(image, text, scale, truth(facts, written.claims))


def teach_reading(model: CLIPModel, reader: Reader, minutes: float) -> CLIPModel:
    """Train the text tower until the time is up; the vision tower is left as it was, to the bit."""
    taught = [*model.text_model.parameters(), *model.text_projection.parameters(), model.logit_scale]
    for parameter in taught:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(taught, lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    start, done, step = time.monotonic(), 0.0, 0
    while done < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * warm_cosine(done)
        loss = reader.loss(model)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(taught, 1.0)
        optimiser.step()
        step += 1
        done = (time.monotonic() - start) / (60 * minutes)
        if step % 100 == 0:
            print(f"reading step {step} {done:.0%} loss {loss.item():.3f}", flush=True)
    return model

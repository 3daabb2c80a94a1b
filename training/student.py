"""One training run of mini: batches in, averaged weights out.

Knows no files: data, tokenizer and teacher are handed in, and snapshots are handed back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPModel

from training import losses
from training.augment import DRAWING, GENTLE, PHOTO, views
from training.model import PROJECTION_DIM, Seen, look, text_vectors
from training.pictures import Drawings, Photos
from training.schedule import Averaged, warm_cosine
from training.teacher import WIDTHS, Teacher, opinion
from training.words import FACTS, OPEN, Scribe, caption_for, facts_of, photo_caption, truth

GUIDED = {4: 2, 8: 3}  # layer of the transformer -> stage of the teacher whose map its patches imitate
FACT_SCALE = 16.0  # logits of the training-only heads are this times a cosine


@dataclass(frozen=True, slots=True)
class Recipe:
    minutes: float
    photos: int = 64  # of a batch, with captions
    mixed: int = 48  # of a batch: blends of two photos, for the teacher's opinion only
    drawings: int = 56
    peak_rate: float = 1e-3
    weight_decay: float = 0.05
    seen_share: float = 0.55  # of the patches, until the last part of the run
    whole_from: float = 0.8  # share of the run after which all patches are shown
    gather: float = 0.5
    teach: float = 1.5
    locate: float = 2.0
    facts: float = 0.5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    images: Tensor  # (photos + drawings + mixed, 3, H, W)
    facts: Tensor  # (photos + drawings, 4)
    ids: Tensor  # (photos + drawings, L)
    claims: Tensor  # (photos + drawings, 4)


class Supply:
    """Draws random batches from the training photos and drawings."""

    def __init__(self, photos: Photos, drawings: Drawings, scribe: Scribe, recipe: Recipe) -> None:
        kept = ~photos.is_held_out
        self._photos, self._kinds = (
            torch.from_numpy(photos.pixels[kept]),
            torch.from_numpy(photos.kinds[kept]),
        )
        self._drawings, self._products = torch.from_numpy(drawings.pixels), drawings.products
        self._facts = torch.tensor([facts_of(p) for p in drawings.products])
        self._scribe, self._recipe, self._rng = scribe, recipe, random.Random(recipe.seed)

    def batch(self) -> Batch:
        recipe = self._recipe
        few = torch.randint(len(self._kinds), (recipe.photos,))
        more = torch.randint(len(self._products), (recipe.drawings,))
        kinds = self._kinds[few]
        unknown = torch.full((len(few), 3), OPEN)
        said = [photo_caption(int(kind), self._rng) for kind in kinds]
        said += [caption_for(self._products[int(i)], self._rng) for i in more]
        written = self._scribe.write(said)
        images = [views(self._photos[few], PHOTO), views(self._drawings[more], DRAWING)]
        facts = torch.cat([torch.cat([kinds[:, None], unknown], 1), self._facts[more]])
        return Batch(torch.cat([*images, self._blends()]), facts, written.ids, written.claims)

    def _blends(self) -> Tensor:
        chosen = torch.randint(len(self._kinds), (2, self._recipe.mixed))
        first = views(self._photos[chosen[0]], PHOTO)
        second = views(self._photos[chosen[1]], GENTLE)
        share = torch.distributions.Beta(0.8, 0.8).sample((self._recipe.mixed, 1, 1, 1))
        return first * share + second * (1 - share)


class Lesson(nn.Module):
    """The network in training, with heads that only training uses, and the loss of one batch."""

    def __init__(self, model: CLIPModel, teacher: Teacher, recipe: Recipe) -> None:
        super().__init__()
        self.model, self._recipe = model, recipe
        self._teacher = [teacher]  # in a list, so that it is not one of this module's own parameters
        width = model.config.vision_config.hidden_size
        self.fact_heads = nn.ModuleList(nn.Linear(PROJECTION_DIM, len(f), bias=False) for f in FACTS)
        self.patch_heads = nn.ModuleList(nn.Linear(width, WIDTHS[stage]) for stage in GUIDED.values())

    def forward(self, batch: Batch, seen_share: float) -> Tensor:
        recipe, captioned = self._recipe, len(batch.facts)
        with torch.no_grad():
            teacher_logits, maps = opinion(self._teacher[0], batch.images)
        with torch.autocast("cpu", torch.bfloat16):
            seen = look(self.model, batch.images, seen_share)
            text = text_vectors(self.model, batch.ids)
        image, kinds, fits = seen.vectors, batch.facts[:, 0], truth(batch.facts, batch.claims)
        scale = self.model.logit_scale.exp().clamp(max=50)
        total = losses.matching_loss(image[:captioned], text, scale, fits)
        total = total + recipe.gather * losses.gathering_loss(image[: recipe.photos], kinds[: recipe.photos])
        total = total + recipe.facts * self._facts_told(image[:captioned], batch.facts)
        total = total + recipe.teach * losses.teaching_loss(self._told(0, image), teacher_logits)
        return total + recipe.locate * self._located(seen, maps)

    def _told(self, fact: int, image: Tensor) -> Tensor:
        """Logits (B, words) of one fact, read off unit vectors."""
        return FACT_SCALE * F.linear(image, F.normalize(self.fact_heads[fact].weight, dim=1))

    def _facts_told(self, image: Tensor, facts: Tensor) -> Tensor:
        """Each fact on its own. Without this stripes, checks and dots all stayed "not plain"."""
        told = [
            F.cross_entropy(self._told(fact, image), facts[:, fact], ignore_index=OPEN, label_smoothing=0.1)
            for fact in range(len(FACTS))
        ]
        return torch.stack(told).sum()

    def _located(self, seen: Seen, maps: list[Tensor]) -> Tensor:
        said = [
            losses.patch_loss(head(seen.layers[layer][:, 1:].float()), maps[stage], seen.shown)
            for head, (layer, stage) in zip(self.patch_heads, GUIDED.items(), strict=True)
        ]
        return torch.stack(said).mean()


def _optimiser(lesson: Lesson, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; vectors, norms and positions are not pulled to zero."""
    parameters = list(lesson.parameters())
    matrices = [p for p in parameters if p.ndim >= 2]
    others = [p for p in parameters if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.98))


def train_student(
    lesson: Lesson, supply: Supply, recipe: Recipe, report: Callable[[CLIPModel, float], None]
) -> CLIPModel:
    """Train until the time is up. `report` is given the averaged model after every tenth of it."""
    torch.manual_seed(recipe.seed)
    optimiser, averaged = _optimiser(lesson, recipe), Averaged(lesson.model)
    lesson.model.train()
    start, done, step, tenths = time.monotonic(), 0.0, 0, 0
    while done < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = recipe.peak_rate * warm_cosine(done)
        loss = lesson(supply.batch(), 1.0 if done > recipe.whole_from else recipe.seen_share)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(lesson.parameters(), 1.0)
        optimiser.step()
        averaged.follow(lesson.model)
        step += 1
        done = (time.monotonic() - start) / (60 * recipe.minutes)
        if int(done * 10) > tenths:
            tenths = int(done * 10)
            print(f"step {step} {done:.0%} loss {loss.item():.3f}", flush=True)
            report(averaged.model, done)
    return averaged.model

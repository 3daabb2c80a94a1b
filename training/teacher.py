"""A small convolutional network that learns the kinds first, and then teaches them to the transformer.

Knows no captions and is not part of the result. Convolutions see more in 2,800 photos than attention does
(Touvron et al. 2021, DeiT, section 3: a convolutional teacher is the better one).
"""

from __future__ import annotations

import time
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drawings import KINDS
from training.augment import DRAWING, IMAGE_PX, PHOTO, views
from training.pictures import Drawings, Photos
from training.schedule import Averaged, warm_cosine

WIDTHS = (48, 96, 192, 320)
PEAK_RATE = 2e-3


class Residual(nn.Module):
    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(width_out, width_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )
        self.past = nn.Sequential(
            nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
            nn.Conv2d(width_in, width_out, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.past(x))


class Teacher(nn.Module):
    """Stages that halve the picture each; the last two are also lessons for the transformer's patches."""

    def __init__(self) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 5, 2, 2, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        widths = (first, *WIDTHS)
        self.stages = nn.ModuleList(Residual(i, o, 2) for i, o in pairwise(widths))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(WIDTHS[-1], len(KINDS)))

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Images (B, 3, H, W), 0 to 1, to logits (B, kinds) and each stage's map (B, width, h, w)."""
        x = self.stem(centred(images))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return self.head(x.mean((2, 3))), maps


def centred(images: Tensor) -> Tensor:
    return (images * 4 - 2).contiguous(memory_format=torch.channels_last)


def opinion(teacher: Teacher, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Teacher's logits and maps of a batch, in float32."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, maps = teacher(images)
    return logits.float(), [m.float() for m in maps]


def mixed_up(images: Tensor, targets: Tensor, alpha: float = 0.3) -> tuple[Tensor, Tensor]:
    """Blend a batch with itself reversed (Zhang et al. 2018, mixup)."""
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    return images * share + images.flip(0) * (1 - share), targets * share + targets.flip(0) * (1 - share)


def _teacher_px(done: float) -> int:
    """Small pictures first: nearly twice the steps in the same time (Touvron et al. 2019, FixRes)."""
    return 96 if done < 0.6 else IMAGE_PX


def train_teacher(photos: Photos, drawings: Drawings, minutes: float, batch: int = 64) -> Teacher:
    """Train until the time is up; returns the averaged network, ready to be asked."""
    kept = ~photos.is_held_out
    photo_pixels, photo_kinds = torch.from_numpy(photos.pixels[kept]), torch.from_numpy(photos.kinds[kept])
    drawn_pixels = torch.from_numpy(drawings.pixels)
    drawn_kinds = torch.tensor([KINDS.index(p.kind) for p in drawings.products])
    teacher = Teacher().to(memory_format=torch.channels_last).train()
    averaged = Averaged(teacher)
    optimiser = torch.optim.AdamW(teacher.parameters(), lr=PEAK_RATE, weight_decay=0.05)
    start, done, step = time.monotonic(), 0.0, 0
    while done < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * warm_cosine(done)
        few = torch.randint(len(photo_kinds), (batch,))
        more = torch.randint(len(drawn_kinds), (batch // 2,))
        px = _teacher_px(done)
        images = torch.cat([views(photo_pixels[few], PHOTO, px), views(drawn_pixels[more], DRAWING, px)])
        targets = F.one_hot(torch.cat([photo_kinds[few], drawn_kinds[more]]), len(KINDS)).float()
        order = torch.randperm(len(images))
        images, targets = mixed_up(images[order], targets[order])
        loss = F.cross_entropy(opinion(teacher, images)[0], targets, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        averaged.follow(teacher)
        step += 1
        done = (time.monotonic() - start) / (60 * minutes)
        if step % 250 == 0:
            print(f"teacher step {step} {done:.0%} loss {loss.item():.3f}", flush=True)
    return averaged.model

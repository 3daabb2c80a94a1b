"""Random views of a batch: crop, turn, flip, light, colour, erased boxes.

Knows nothing of labels: whatever it does must leave a shirt a shirt.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

IMAGE_PX = 128


@dataclass(frozen=True, slots=True)
class Strength:
    """How far a view may stray from the picture. Colours move only where no caption names them."""

    least_area: float
    turn_deg: float
    light: float
    colour_mix: float
    erased_share: float


PHOTO = Strength(least_area=0.5, turn_deg=10.0, light=0.35, colour_mix=0.8, erased_share=0.3)
DRAWING = Strength(least_area=0.6, turn_deg=8.0, light=0.12, colour_mix=0.0, erased_share=0.15)
GENTLE = Strength(least_area=0.8, turn_deg=3.0, light=0.1, colour_mix=0.0, erased_share=0.0)


def as_floats(pixels: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) to float (B, 3, H, W) between 0 and 1."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def views(pixels: Tensor, strength: Strength, size_px: int = IMAGE_PX) -> Tensor:
    """uint8 (B, H, W, 3) to augmented float (B, 3, size_px, size_px), 0 to 1."""
    cropped = _random_crops(as_floats(pixels), strength, size_px)
    return _erased(_recoloured(cropped, strength).clamp_(0, 1), strength.erased_share)


def _random_crops(images: Tensor, strength: Strength, size_px: int) -> Tensor:
    count = len(images)
    side = torch.empty(count).uniform_(strength.least_area, 1.0).sqrt()
    aspect = torch.empty(count).uniform_(-0.12, 0.12).exp()
    wide, high = side * aspect, side / aspect
    turn = torch.deg2rad(torch.randn(count) * strength.turn_deg)
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift_x = (torch.rand(count) * 2 - 1) * (1 - wide).clamp(min=0.03)
    shift_y = (torch.rand(count) * 2 - 1) * (1 - high).clamp(min=0.03)
    theta = torch.stack(
        [
            torch.stack([wide * flip * turn.cos(), -high * turn.sin(), shift_x], 1),
            torch.stack([wide * flip * turn.sin(), high * turn.cos(), shift_y], 1),
        ],
        1,
    )  # (B, 2, 3)
    grid = F.affine_grid(theta, [count, 3, size_px, size_px], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _recoloured(images: Tensor, strength: Strength) -> Tensor:
    count = len(images)
    gain = 1 + strength.light * (torch.rand(count, 1, 1, 1) * 2 - 1)
    contrast = 1 + strength.light * (torch.rand(count, 1, 1, 1) * 2 - 1)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * contrast + mean * gain
    if strength.colour_mix == 0:
        return images
    mix = torch.eye(3) + strength.colour_mix * 0.4 * torch.randn(count, 3, 3)
    mix = mix / mix.sum(2, keepdim=True).clamp(min=0.4)
    keep = (torch.rand(count, 1, 1) < 0.35).float()
    mix = keep * torch.eye(3) + (1 - keep) * mix
    return torch.einsum("bck,bkhw->bchw", mix, images)


def _erased(images: Tensor, share: float) -> Tensor:
    """Fill one box of random size and grey in a share of the images."""
    count, _, height, width = images.shape
    centre, half = torch.rand(count, 2, 1, 1), torch.empty(count, 2, 1, 1).uniform_(0.06, 0.2)
    y = torch.linspace(0, 1, height).view(1, height, 1)
    x = torch.linspace(0, 1, width).view(1, 1, width)
    inside = ((y - centre[:, 0]).abs() < half[:, 0]) & ((x - centre[:, 1]).abs() < half[:, 1])
    inside &= torch.rand(count, 1, 1) < share
    return torch.where(inside[:, None], torch.rand(count, 3, 1, 1), images)

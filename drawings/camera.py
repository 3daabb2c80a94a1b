"""The photograph: where the product stands in the frame, its shadow, the light, blur and grain.

Knows no kinds, colours or words.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from drawings.paint import Pixels

_SIDEWAYS = 0.2  # share of flat things lying on their side or head, as clothes on a floor do


def _corners(side_px: int, lies_flat: bool, rng: Generator) -> NDArray[np.float64]:
    """Where the four corners of the product's square land in the frame: (4, 2)."""
    angle = np.radians(rng.normal(0, 7.0))
    if lies_flat and rng.random() < _SIDEWAYS:
        angle += rng.choice((np.pi / 2, np.pi, -np.pi / 2)) * rng.uniform(0.3, 1.0)
    scale = rng.uniform(0.85, 1.3) * np.array([rng.uniform(0.88, 1.08), 1.0])
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64) * scale
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    perspective = rng.normal(0, 0.035, (4, 2))
    offset = rng.normal(0, 0.05, 2)
    return np.asarray((square @ turn.T + perspective + offset + 1) * side_px / 2)


def _homography(target: NDArray[np.float64], source: NDArray[np.float64]) -> list[float]:
    """The eight numbers Pillow's PERSPECTIVE wants: they carry target points back to source points."""
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(c) for c in np.linalg.solve(np.array(rows), np.array(values))]


def posed(cutout: Image.Image, side_px: int, rng: Generator, *, lies_flat: bool) -> Image.Image:
    """Turn, scale, flip and tilt an RGBA cutout into a frame of side_px, antialiased by shrinking.

    What lies flat may lie any way round; what stands stays upright.
    """
    if rng.random() < 0.5:
        cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    edge = cutout.width
    source = np.array([(0, 0), (edge, 0), (edge, edge), (0, edge)], dtype=np.float64)
    coefficients = _homography(_corners(edge, lies_flat, rng), source)
    turned = cutout.transform(
        cutout.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    return turned.resize((side_px, side_px), Image.Resampling.BOX)


def _shadow(alpha: Image.Image, rng: Generator) -> Pixels:
    """(side, side, 1): 1 in light, down to about 0.6 beside the product."""
    side_px = alpha.width
    offset = rng.normal((0.01, 0.025), 0.015) * side_px
    moved = alpha.transform(
        alpha.size, Image.Transform.AFFINE, (1, 0, -float(offset[0]), 0, 1, -float(offset[1]))
    )
    soft = moved.filter(ImageFilter.GaussianBlur(side_px * rng.uniform(0.015, 0.04)))
    darkness = rng.uniform(0.22, 0.42) * np.asarray(soft, dtype=np.float32) / 255
    return np.asarray(1.0 - darkness, dtype=np.float32)[..., None]


def photographed(product: Image.Image, background: Pixels, rng: Generator) -> Image.Image:
    """Lay an RGBA product on its background, then light it, blur it slightly and add grain."""
    side_px = product.width
    pixels = np.asarray(product, dtype=np.float32)
    alpha = pixels[..., 3:] / 255
    ground = background * _shadow(product.getchannel("A"), rng)
    picture = pixels[..., :3] * alpha + ground * (1 - alpha)
    y, x = np.mgrid[-1 : 1 : side_px * 1j, -1 : 1 : side_px * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1.0 + rng.uniform(0, 0.08) * (x * np.cos(angle) + y * np.sin(angle))[..., None]
    tint = rng.normal(1.0, 0.015, 3)
    grain = rng.normal(0, rng.uniform(0.5, 4.0), (side_px, side_px, 1))
    exposed = np.clip(picture * light * tint + grain, 0, 255).astype(np.uint8)
    return _slightly_blurred(Image.fromarray(exposed), rng)


def _slightly_blurred(picture: Image.Image, rng: Generator) -> Image.Image:
    if rng.random() < 0.7:
        return picture
    return picture.filter(ImageFilter.GaussianBlur(picture.width / 128 * rng.uniform(0.3, 0.9)))

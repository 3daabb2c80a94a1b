"""Outlines: closed curves in a square from -1 to 1 (y points down), and the parts made of them.

Knows no products and no pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (N, 2), x to the right, y down
Xy = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One painted surface. `paint` is "cloth" (the product's colour and pattern), "colour" (its colour only)
    or a fixed material of paint.MATERIALS; `tone` multiplies its brightness; `rounded` shades it to its rim.
    """

    outline: Points
    paint: str = "cloth"
    tone: float = 1.0
    rounded: bool = True


def polygon(*corners: Xy) -> Points:
    return np.array(corners, dtype=np.float64)


def smooth(corners: Sequence[Xy], steps: int = 8) -> Points:
    """A closed Catmull-Rom curve through the corners; a corner given twice stays sharp."""
    p1 = np.array(corners, dtype=np.float64)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (p[:, None, :] for p in (p0, p1, p2, p3))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )  # (corners, steps, 2)
    has_length = np.any(p1 != p2, axis=1)  # between two equal corners the curve would make a tiny loop
    return np.asarray(curve[has_length].reshape(-1, 2))


def mirrored(right_half: Sequence[Xy]) -> list[Xy]:
    """Complete a right half, listed from top to bottom, with its mirror image."""
    return [*right_half, *((-x, y) for x, y in reversed(right_half))]


def ellipse(centre: Xy, width: float, height: float, steps: int = 40) -> Points:
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return np.stack([centre[0] + width * np.cos(angle), centre[1] + height * np.sin(angle)], axis=1)


def arc(centre: Xy, radii: Xy, start_deg: float, end_deg: float, steps: int = 24) -> list[Xy]:
    """Points on an open arc, clockwise on the screen from start to end (0 degrees is to the right)."""
    angles = np.radians(np.linspace(start_deg, end_deg, steps))
    x, y = centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)
    return [(float(right), float(down)) for right, down in zip(x, y, strict=True)]


def band(path: Sequence[Xy], width: float, end_width: float | None = None) -> Points:
    """A line given a width, which may taper to `end_width`."""
    points = np.array(path, dtype=np.float64)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    half = np.linspace(width, width if end_width is None else end_width, len(points))[:, None] / 2
    return np.concatenate([points + across * half, (points - across * half)[::-1]])


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Points:
    """A rectangle with round corners."""
    if radius <= 0:
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))
    inner = (left + radius, top + radius, right - radius, bottom - radius)
    corners = (
        (inner[2], inner[1], -90),
        (inner[2], inner[3], 0),
        (inner[0], inner[3], 90),
        (inner[0], inner[1], 180),
    )
    return np.array([p for x, y, a in corners for p in arc((x, y), (radius, radius), a, a + 90, 8)])


def stretched(part: Part, wide: float, high: float) -> Part:
    return replace(part, outline=part.outline * np.array([wide, high]))


def moved(part: Part, right: float, down: float) -> Part:
    return replace(part, outline=part.outline + np.array([right, down]))


def flipped(part: Part) -> Part:
    """The same part on the other side."""
    return stretched(part, -1.0, 1.0)


def both_sides(part: Part) -> list[Part]:
    return [part, flipped(part)]

"""The outlines of clothes: what makes a dress a dress.

Knows no colours, pixels or words. Every function takes a generator, so that no two shirts are cut alike.
"""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from drawings.outline import (
    Part,
    Xy,
    arc,
    band,
    both_sides,
    box,
    ellipse,
    flipped,
    mirrored,
    moved,
    polygon,
    smooth,
    stretched,
)


def _torso(rng: Generator, neck: float, hem: float, waist: float = 0.44) -> Part:
    shoulder = rng.uniform(0.44, 0.50)
    flare = waist + rng.uniform(-0.01, 0.06)
    half = [(0.0, -0.78 + neck), (0.12, -0.80 + neck * 0.75), (0.21, -0.80), (0.21, -0.80)]
    half += [(shoulder, -0.70), (shoulder, -0.70), (shoulder - 0.02, -0.30), (waist, 0.1)]
    half += [(flare, hem), (flare, hem), (0.0, hem + 0.03)]
    return Part(smooth(mirrored(half)[:-1], 6))


def _sleeve(rng: Generator, length: float, spread: float) -> Part:
    """A right sleeve: `length` from shoulder to cuff, `spread` from hanging (0) to stretched out (1)."""
    top, pit = (0.40, -0.74), (0.42, -0.28)
    reach = (0.50 + length * (0.12 + 0.48 * spread), -0.62 + length * (1.15 - 0.55 * spread))
    cuff = 0.30 - 0.11 * min(length, 1.0) + rng.uniform(-0.02, 0.02)
    slope = (0.55 + 0.35 * spread, 0.75 - 0.5 * spread)
    inner = (reach[0] - cuff * slope[0], reach[1] + cuff * slope[1] * 0.4)
    bend = ((pit[0] + inner[0]) / 2 + 0.01, (pit[1] + inner[1]) / 2 - 0.02)
    shoulder = (0.54, -0.66)
    corners = [top, top, shoulder, reach, reach, inner, inner, bend, pit, pit]
    return Part(smooth(corners, 5), tone=0.93)


def _neckline(depth: float) -> list[Part]:
    """The inside of the back, seen through the neck, and the ribbed rim before it."""
    inside = Part(polygon(*arc((0, -0.79), (0.20, depth), 180, 0)), "colour", tone=0.55, rounded=False)
    rim = Part(band(arc((0, -0.79), (0.205, depth), 0, 180), 0.045), "colour", tone=0.82, rounded=False)
    return [inside, rim]


def t_shirt(rng: Generator) -> list[Part]:
    depth = rng.uniform(0.10, 0.22)
    sleeve = _sleeve(rng, rng.uniform(0.38, 0.50), rng.uniform(0.35, 0.95))
    return [*both_sides(sleeve), _torso(rng, 0.0, rng.uniform(0.68, 0.85)), *_neckline(depth)]


def longsleeve(rng: Generator) -> list[Part]:
    sleeve = _sleeve(rng, rng.uniform(1.05, 1.25), rng.uniform(0.0, 0.6))
    hem = rng.uniform(0.6, 0.78)
    ribs = Part(box(-0.45, hem - 0.05, 0.45, hem + 0.03), "colour", tone=0.82, rounded=False)
    body = [*both_sides(sleeve), _torso(rng, 0.0, hem), *_neckline(rng.uniform(0.08, 0.15))]
    return [*body, ribs] if rng.random() < 0.5 else body


def _buttons(top: float, bottom: float, count: int, paint: str) -> list[Part]:
    step = (bottom - top) / count
    return [Part(ellipse((0, top + step * (i + 0.5)), 0.022, 0.022, 12), paint) for i in range(count)]


def _pocket(left: float, top: float, width: float, height: float) -> list[Part]:
    right, bottom = left + width, top + height
    edge = [(left, top), (right, top), (right, bottom), ((left + right) / 2, bottom + 0.04), (left, bottom)]
    return [Part(band([*edge, edge[0]], 0.016), "colour", 0.7, False)]


def shirt(rng: Generator) -> list[Part]:
    length = rng.uniform(1.0, 1.2) if rng.random() < 0.7 else 0.45
    sleeve = _sleeve(rng, length, rng.uniform(0.0, 0.6))
    hem = rng.uniform(0.7, 0.85)
    placket = Part(box(-0.045, -0.62, 0.045, hem), "cloth", 0.88, False)
    collar = Part(polygon((0.0, -0.60), (0.22, -0.86), (0.27, -0.74), (0.17, -0.52)), "cloth", 0.85)
    inside = Part(polygon((-0.2, -0.84), (0.2, -0.84), (0, -0.6)), "colour", 0.5, False)
    parts = [*both_sides(sleeve), _torso(rng, 0.06, hem), inside, placket]
    parts += [*_buttons(-0.55, hem - 0.03, 6, "pearl"), *both_sides(collar)]
    return parts + _pocket(0.14, -0.38, 0.2, 0.22) if rng.random() < 0.6 else parts


def jacket(rng: Generator) -> list[Part]:
    sleeve = _sleeve(rng, rng.uniform(1.1, 1.25), rng.uniform(0.0, 0.35))
    hem = rng.uniform(0.62, 0.95)
    parts = [*both_sides(sleeve), _torso(rng, 0.02, hem, rng.uniform(0.46, 0.52))]
    if rng.random() < 0.45:
        parts.insert(
            0, Part(smooth([(-0.3, -0.7), (-0.28, -0.98), (0.28, -0.98), (0.3, -0.7)]), "colour", 0.75)
        )
    opening = rng.uniform(0.03, 0.16)
    inner = polygon(
        (-0.17, -0.82), (0.17, -0.82), (0.04, -0.1), (opening, hem), (-opening, hem), (-0.04, -0.1)
    )
    parts.append(Part(inner, "lining", rounded=False))
    lapel = Part(polygon((0.17, -0.84), (0.30, -0.62), (0.24, -0.42), (0.04, -0.1)), "cloth", 0.82)
    parts += both_sides(lapel)
    if rng.random() < 0.6:
        parts.append(Part(band([(0.04, -0.12), (opening, hem)], 0.03), "metal", rounded=False))
    flap = Part(box(0.18, 0.22, 0.42, 0.30), "colour", 0.7, False)
    return parts + both_sides(flap)


def dress(rng: Generator) -> list[Part]:
    waist, flare = rng.uniform(0.20, 0.27), rng.uniform(0.42, 0.78)
    hem, belt_y = rng.uniform(0.75, 0.95), rng.uniform(-0.32, -0.15)
    skirt_half: list[Xy] = [(waist, belt_y), (waist, belt_y), (waist + 0.45 * (flare - waist), belt_y + 0.4)]
    skirt_half += [(flare, hem), (flare, hem), (flare * 0.5, hem + 0.05)]
    bodice_half: list[Xy] = [(0.0, -0.68), (0.13, -0.80), (0.22, -0.92), (0.22, -0.92), (0.31, -0.90)]
    bodice_half += [(0.27, -0.62), (0.32, -0.52), (waist, belt_y + 0.02), (waist, belt_y + 0.02)]
    parts = [Part(smooth(mirrored(skirt_half), 6)), Part(smooth(mirrored(bodice_half), 6))]
    if rng.random() < 0.45:
        cap = smooth([(0.24, -0.92), (0.42, -0.84), (0.55, -0.58), (0.40, -0.50), (0.28, -0.58)], 5)
        parts = [*both_sides(Part(cap, tone=0.9)), *parts]
    for share in rng.uniform(-0.75, 0.75, 4):
        fold = [(waist * share, belt_y + 0.12), (flare * share, hem - 0.02)]
        parts.append(Part(band(fold, 0.006, 0.03), "colour", 0.78, False))
    belt = Part(box(-waist - 0.01, belt_y - 0.03, waist + 0.01, belt_y + 0.04), "colour", 0.68, False)
    return [*parts, belt]


def skirt(rng: Generator) -> list[Part]:
    waist, flare = rng.uniform(0.30, 0.36), rng.uniform(0.42, 0.85)
    top, hem = -0.6, rng.uniform(0.25, 0.75)
    half: list[Xy] = [(waist, top), (waist, top), ((waist + flare) / 2 + 0.04, (top + hem) / 2)]
    half += [(flare, hem), (flare, hem), (flare * 0.5, hem + 0.07)]
    parts = [Part(smooth(mirrored(half), 6))]
    for share in (-0.7, -0.35, 0.0, 0.35, 0.7):
        fold = [(waist * share, top + 0.1), (flare * share, hem + 0.04)]
        parts.append(Part(band(fold, 0.006, 0.035), "colour", 0.75, False))
    return [*parts, Part(box(-waist, top - 0.1, waist, top + 0.03, 0.02), "colour", 0.8)]


def _trousers(rng: Generator, hem: float, cuff: float) -> list[Part]:
    waist, hip, gap = rng.uniform(0.28, 0.33), rng.uniform(0.36, 0.44), rng.uniform(0.02, 0.08)
    crotch = -0.28
    outer = hip + 0.02 + (0.06 if cuff > 0.26 else 0.0)
    leg: list[Xy] = [(0.0, -0.85), (waist, -0.85), (waist, -0.85), (hip, -0.45), (outer, hem), (outer, hem)]
    leg += [(outer - cuff, hem + 0.02), (outer - cuff, hem + 0.02), (gap + 0.01, crotch + 0.15)]
    leg += [(0.0, crotch), (0.0, crotch), (0.0, -0.85)]
    right = Part(smooth(leg, 6))
    fly = Part(band([(0.0, -0.78), (0.0, crotch)], 0.018), "colour", 0.65, False)
    seam = Part(band([(waist - 0.12, -0.75), (hip - 0.03, -0.55)], 0.02), "colour", 0.65, False)
    belt = Part(box(-waist - 0.01, -0.92, waist + 0.01, -0.80, 0.015), "colour", 0.8)
    button = Part(ellipse((0, -0.86), 0.025, 0.025, 12), "metal")
    return [right, flipped(right), fly, *both_sides(seam), belt, button]


def pants(rng: Generator) -> list[Part]:
    return _trousers(rng, rng.uniform(0.82, 0.95), rng.uniform(0.20, 0.36))


def shorts(rng: Generator) -> list[Part]:
    legs = _trousers(rng, rng.uniform(-0.02, 0.22), rng.uniform(0.36, 0.42))
    return [moved(stretched(part, 1.35, 1.25), 0.0, 0.42) for part in legs]


def hat(rng: Generator) -> list[Part]:
    return _cap(rng) if rng.random() < 0.5 else _brimmed_hat(rng)


def _cap(rng: Generator) -> list[Part]:
    height = rng.uniform(0.55, 0.75)
    dome = [(-0.62, 0.25), (-0.62, 0.25), (-0.58, -height * 0.4), (-0.1, -height), (0.42, -height * 0.5)]
    dome += [(0.55, 0.22), (0.55, 0.22), (0.0, 0.33)]
    visor = smooth([(0.0, 0.28), (0.5, 0.12), (0.98, 0.27), (1.0, 0.36), (0.5, 0.36), (0.05, 0.36)], 6)
    seam = Part(band([(-0.08, -height), (0.14, -0.2), (0.18, 0.3)], 0.014), "colour", 0.7, False)
    knob = Part(ellipse((-0.1, -height), 0.07, 0.04), "colour", 0.75)
    return [Part(smooth(dome)), seam, knob, Part(visor, "colour", 0.78)]


def _brimmed_hat(rng: Generator) -> list[Part]:
    brim_width, height = rng.uniform(0.80, 0.98), rng.uniform(0.45, 0.65)
    brim = Part(ellipse((0, 0.28), brim_width, rng.uniform(0.17, 0.28)), "cloth", 0.88)
    crown = [(-0.48, 0.24), (-0.48, 0.24), (-0.42, -height), (-0.2, -height - 0.08), (0.0, -height + 0.02)]
    crown += [(0.2, -height - 0.08), (0.42, -height), (0.48, 0.24), (0.48, 0.24), (0.0, 0.33)]
    ribbon = Part(band([(-0.47, 0.14), (0.0, 0.23), (0.47, 0.14)], 0.13), "dark", rounded=False)
    return [brim, Part(smooth(crown)), ribbon]


def shoes(rng: Generator) -> list[Part]:
    high = rng.uniform(0.0, 0.45) if rng.random() < 0.5 else 0.0
    front = _shoe(high)
    if rng.random() < 0.5:
        return front
    behind = [replace(moved(part, 0.14, -0.34), tone=part.tone * 0.88) for part in front]
    return behind + [moved(part, -0.06, 0.2) for part in front]


def _shoe(high: float) -> list[Part]:
    """One shoe from the side, toe to the right; `high` raises the ankle from sneaker to boot."""
    ankle = -0.28 - high
    upper = [(-0.82, 0.22), (-0.82, 0.22), (-0.80, ankle * 0.5), (-0.76, ankle), (-0.76, ankle)]
    upper += [(-0.28, ankle - 0.02), (-0.28, ankle - 0.02), (-0.12, -0.18), (0.35, 0.0), (0.78, 0.08)]
    upper += [(0.88, 0.24), (0.88, 0.24), (0.0, 0.26)]
    sole = box(-0.86, 0.20, 0.92, 0.36, 0.07)
    mouth = ellipse((-0.52, ankle), 0.24, 0.055)
    laces = [band([(x - 0.06, y - 0.07), (x + 0.1, y + 0.05)], 0.035) for x, y in _eyelets(ankle)]
    toe = band([(0.52, 0.02), (0.46, 0.2)], 0.02)
    return [
        Part(smooth(upper)),
        Part(mouth, "colour", 0.45, False),
        Part(toe, "colour", 0.65, False),
        Part(sole, "rubber"),
        *(Part(lace, "pearl", rounded=False) for lace in laces),
    ]


def _eyelets(ankle: float) -> list[Xy]:
    steps = 4
    return [(-0.24 + 0.42 * i / steps, ankle + 0.12 + (-0.06 - ankle) * i / steps) for i in range(steps)]

"""The outlines of things that are not clothes: bags, a watch, crockery, furniture.

Knows no colours, pixels or words. Every function takes a generator, so that no two mugs are thrown alike.
"""

from __future__ import annotations

from numpy.random import Generator

from drawings.outline import Part, Xy, arc, band, both_sides, box, ellipse, mirrored, polygon, smooth


def bag(rng: Generator) -> list[Part]:
    top, bottom = rng.uniform(0.48, 0.66), rng.uniform(0.66, 0.84)
    height = rng.uniform(0.55, 0.75)
    rise = rng.uniform(0.45, 0.65)
    handle = Part(band(arc((0, -0.1), (0.36, rise), 180, 360), 0.075), "colour", 0.72)
    sides = [(-top, -0.15), (top, -0.15), (bottom, height - 0.1), (bottom - 0.08, height)]
    sides += [(-bottom + 0.08, height), (-bottom, height - 0.1)]
    fold = [(-top, -0.16), (-top, -0.16), (top, -0.16), (top, -0.16)]
    fold += [(top * 0.75, 0.16), (0, 0.25), (-top * 0.75, 0.16)]
    clasp = Part(box(-0.07, 0.16, 0.07, 0.30, 0.03), "metal")
    return [handle, Part(smooth(sides, 4)), Part(smooth(fold, 5), "colour", 0.84), clasp]


def backpack(rng: Generator) -> list[Part]:
    width, height = rng.uniform(0.48, 0.58), rng.uniform(0.72, 0.85)
    half: list[Xy] = [(0.0, -height), (width * 0.75, -height + 0.06), (width, -height * 0.5)]
    half += [(width + 0.03, 0.5), (width - 0.02, 0.82), (width * 0.5, 0.86), (0.0, 0.87)]
    strap = Part(band([(width * 0.8, -0.55), (width + 0.22, -0.1), (width + 0.12, 0.6)], 0.11), "colour", 0.6)
    loop = Part(band(arc((0, -height), (0.16, 0.15), 180, 360), 0.06), "colour", 0.6)
    pocket = Part(box(-width * 0.72, 0.12, width * 0.72, 0.72, 0.12), "cloth", 0.84)
    zips = [band([(-width * 0.66, 0.24), (width * 0.66, 0.24)], 0.03)]
    zips.append(band(arc((0, -0.28), (width * 0.72, height * 0.5), 180, 360), 0.03))
    zippers = [Part(line, "metal", 0.8, False) for line in zips]
    return [*both_sides(strap), loop, Part(smooth(mirrored(half)[:-1])), pocket, *zippers]


def watch(rng: Generator) -> list[Part]:
    radius, width = rng.uniform(0.36, 0.46), rng.uniform(0.22, 0.30)
    half: list[Xy] = [(width * 0.6, -0.97), (width * 0.75, -0.9), (width, -0.3)]
    half += [(width, 0.3), (width * 0.7, 0.9), (width * 0.5, 0.97)]
    hour, minute = rng.uniform(0, 360, 2)
    marks = [_spoke(angle, (radius * 0.68, radius * 0.78), 0.025) for angle in range(0, 360, 30)]
    hands = [_spoke(hour, (0.0, radius * 0.45), 0.05), _spoke(minute, (0.0, radius * 0.66), 0.035)]
    crown = Part(box(radius, -0.06, radius + 0.1, 0.06, 0.02), "metal")
    case = Part(ellipse((0, 0), radius, radius), "metal")
    dial = Part(ellipse((0, 0), radius * 0.84, radius * 0.84), "pearl", rounded=False)
    return [Part(smooth(mirrored(half))), crown, case, dial, *marks, *hands]


def _spoke(angle_deg: float, reach: Xy, width: float) -> Part:
    """A dark line from the dial's middle outwards, between two distances."""
    ends = [arc((0, 0), (distance, distance), angle_deg, 0, 1)[0] for distance in reach]
    return Part(band(ends, width), "dark", rounded=False)


def mug(rng: Generator) -> list[Part]:
    width, height = rng.uniform(0.46, 0.56), rng.uniform(0.55, 0.72)
    taper = rng.uniform(0.84, 1.0)
    dip = rng.uniform(0.09, 0.15)
    grip = arc((width - 0.04, 0.05), (0.32, height * 0.58), -80, 80)
    handle = Part(band(grip, rng.uniform(0.10, 0.15)), "colour", 0.86)
    sides: list[Xy] = [(-width, -height), *arc((0, height), (width * taper, dip), 180, 0), (width, -height)]
    rim = Part(ellipse((0, -height), width, dip), "colour", 1.08, False)
    inside = Part(ellipse((0, -height + 0.01), width * 0.9, dip * 0.78), "colour", 0.6, False)
    tea = Part(ellipse((0, -height + 0.04), width * 0.78, dip * 0.5), "tea", rounded=False)
    body = [handle, Part(polygon(*sides)), rim, inside]
    return [*body, tea] if rng.random() < 0.5 else body


def bottle(rng: Generator) -> list[Part]:
    width, neck = rng.uniform(0.26, 0.36), rng.uniform(0.09, 0.13)
    shoulder = rng.uniform(-0.45, -0.2)
    half: list[Xy] = [(neck, -0.85), (neck, -0.85), (neck, shoulder - 0.2), (width * 0.8, shoulder)]
    half += [
        (width, shoulder + 0.2),
        (width, 0.82),
        (width, 0.88),
        (width - 0.06, 0.94),
        (width - 0.06, 0.94),
    ]
    cap = Part(box(-neck - 0.03, -0.98, neck + 0.03, -0.8, 0.02), "dark")
    label = Part(box(-width * 0.97, 0.12, width * 0.97, 0.56), "pearl")
    glint = band([(-width * 0.6, shoulder + 0.25), (-width * 0.6, 0.8)], 0.05, 0.03)
    parts = [Part(smooth(mirrored(half))), Part(glint, "colour", 1.35, False), cap]
    return [*parts, label] if rng.random() < 0.35 else parts


def vase(rng: Generator) -> list[Part]:
    belly, foot, lip = rng.uniform(0.42, 0.58), rng.uniform(0.2, 0.3), rng.uniform(0.22, 0.34)
    half: list[Xy] = [
        (lip, -0.5),
        (lip, -0.5),
        (lip * 0.62, -0.28),
        (belly, 0.22),
        (foot, 0.85),
        (foot, 0.85),
    ]
    places = (-0.28, 0.02, 0.3) if rng.random() < 0.6 else ()
    flowers = [part for x in places for part in _flower(x, rng.uniform(-0.98, -0.78))]
    mouth = Part(ellipse((0, -0.5), lip, 0.06), "colour", 0.55, False)
    return [*flowers, Part(smooth(mirrored(half))), mouth]


def _flower(x: float, y: float) -> list[Part]:
    stem = Part(band([(x * 0.3, -0.4), (x * 0.7, -0.65), (x, y)], 0.03), "leaf", rounded=False)
    petals = [Part(ellipse(at, 0.055, 0.055, 12), "petal") for at in arc((x, y), (0.06, 0.06), 0, 288, 5)]
    return [stem, *petals, Part(ellipse((x, y), 0.04, 0.04, 12), "pollen")]


def chair(rng: Generator) -> list[Part]:
    """Seen a little from the side: a back, a seat in perspective, four legs."""
    lean, depth = rng.uniform(0.05, 0.2), rng.uniform(0.22, 0.34)
    left, right, seat_y = -0.45, 0.40, rng.uniform(0.02, 0.14)
    rear_y, top = seat_y - depth, -0.95
    rear_left, rear_right = left + lean, right + lean
    behind = [
        ((rear_left + 0.04, rear_y), (rear_left, 0.72)),
        ((rear_right - 0.02, rear_y), (rear_right + 0.04, 0.72)),
    ]
    ahead = [((left + 0.03, seat_y), (left - 0.04, 0.96)), ((right, seat_y), (right + 0.06, 0.96))]
    rear_legs = [Part(band(leg, 0.07, 0.05), "wood", 0.75) for leg in behind]
    front_legs = [Part(band(leg, 0.08, 0.055), "wood") for leg in ahead]
    back = [(rear_left, rear_y - 0.04), (rear_left, rear_y - 0.04), (rear_left - 0.02, top + 0.1)]
    back += [(rear_left + 0.1, top), (rear_right - 0.1, top), (rear_right + 0.02, top + 0.1)]
    back += [(rear_right, rear_y - 0.04), (rear_right, rear_y - 0.04)]
    seat = polygon((left - 0.04, seat_y), (rear_left, rear_y), (rear_right, rear_y), (right + 0.04, seat_y))
    edge = Part(box(left - 0.05, seat_y - 0.01, right + 0.05, seat_y + 0.10, 0.03), "colour", 0.75)
    return [*rear_legs, Part(smooth(back, 5)), Part(seat, "cloth", 1.04, False), *front_legs, edge]


def sofa(rng: Generator) -> list[Part]:
    height = rng.uniform(0.42, 0.58)
    arm = rng.uniform(0.16, 0.24)
    inner = 0.94 - arm
    back = Part(box(-0.86, -height, 0.86, 0.35, 0.12), "cloth", 0.92)
    seats = both_sides(Part(box(0.0, 0.0, inner, 0.28, 0.07), "cloth", 1.05))
    base = Part(box(-inner, 0.22, inner, 0.48), "cloth", 0.8)
    arms = both_sides(Part(box(inner, -height * 0.35, 0.98, 0.50, 0.1), "cloth", 0.97))
    feet = both_sides(Part(polygon((0.72, 0.48), (0.84, 0.48), (0.80, 0.64), (0.75, 0.64)), "wood"))
    cushion = Part(box(-inner + 0.04, -0.26, -inner + 0.36, 0.04, 0.06), "pearl")
    parts = [*feet, back, base, *seats, *arms]
    return [*parts, cushion] if rng.random() < 0.4 else parts


def table(rng: Generator) -> list[Part]:
    depth, lean = rng.uniform(0.22, 0.38), rng.uniform(0.1, 0.24)
    top = rng.uniform(-0.32, -0.2)
    front, thick = top + depth, rng.uniform(0.07, 0.12)
    leg, rear_x = rng.uniform(0.07, 0.11), 0.86 - lean
    rear = both_sides(Part(band([(rear_x, front), (rear_x, 0.55)], leg * 0.8), "colour", 0.6))
    near = both_sides(Part(band([(0.86, front + thick), (0.86, 0.86)], leg), "colour", 0.85))
    surface = polygon((-0.95, front), (-0.95 + lean, top), (0.95 - lean, top), (0.95, front))
    rail = Part(box(-0.88, front + thick, 0.88, front + thick + 0.1), "colour", 0.62)
    edge = Part(box(-0.95, front, 0.95, front + thick, 0.02), "colour", 0.78)
    return [*rear, rail, *near, Part(surface, "cloth", 1.05, False), edge]


def lamp(rng: Generator) -> list[Part]:
    upper, lower = rng.uniform(0.22, 0.36), rng.uniform(0.52, 0.68)
    bottom = rng.uniform(-0.18, 0.0)
    stem = Part(band([(0, bottom), (0, 0.85)], 0.07), "metal")
    foot = Part(smooth(mirrored([(0.06, 0.76), (0.2, 0.84), (0.36, 0.92), (0.36, 0.92)])), "metal", 0.8)
    sides: list[Xy] = [*arc((0, -0.9), (upper, 0.05), 180, 360), *arc((0, bottom), (lower, 0.09), 0, 180)]
    bulb = Part(ellipse((0, bottom + 0.05), 0.11, 0.11), "glow", rounded=False)
    return [stem, foot, bulb, Part(polygon(*sides), "cloth", 1.06)]

"""Whether towers can be what their card or config says. Does not know tensor names or layouts.

A config of another model, or a file that lost its last layers, gives vectors that are wrong and look right.
"""

from sightline.domain.cards import Card
from sightline.domain.errors import TensorShapeError
from sightline.domain.records import Tower
from sightline.models.family import TextTensors, VisionTensors

MAX_SIZE_PX = 4096  # ten times what the largest card takes


def check_agreement(card: Card, vision: VisionTensors, text: TextTensors | None) -> None:
    """Raises TensorShapeError: sizes, depth or heads of a tower are not what the card says."""
    _check_dims(card, vision, text)
    _check_picture(card, vision)
    _check_blocks("vision", vision, heads=card.vision.heads, stated=card.depths.vision)
    if text is not None and card.text is not None:
        _check_blocks("text", text, heads=card.text.heads, stated=card.depths.text)


def _check_dims(card: Card, vision: VisionTensors, text: TextTensors | None) -> None:
    for tower in (vision, text):
        if tower is None:
            continue
        out = tower.width
        if tower.projection:
            shape = tower.projection.weight.shape
            out = shape[1] if tower.projection.flipped else shape[0]
        if out != card.dim:
            raise TensorShapeError(
                f"{tower.positions.path.name}: a tower gives vectors of {out} values, "
                f"the card {card.name!r} says {card.dim}"
            )


def _check_picture(card: Card, vision: VisionTensors) -> None:
    if not vision.patch_px <= card.image.size_px <= MAX_SIZE_PX:
        raise TensorShapeError(
            f"{vision.positions.path.name}: the config asks for pictures of {card.image.size_px} px, and the "
            f"patches are {vision.patch_px} px; from there to {MAX_SIZE_PX} px is possible"
        )


def _check_blocks(name: Tower, tower: VisionTensors | TextTensors, *, heads: int, stated: int | None) -> None:
    """Whether the tensors can be what the config says of a tower's blocks."""
    file = tower.positions.path.name
    if stated not in (None, len(tower.blocks)):
        raise TensorShapeError(
            f"{file}: the {name} tower has {len(tower.blocks)} layers, the config says {stated}; the file is "
            "not whole, or the config is another model's"
        )
    if tower.width % heads:
        raise TensorShapeError(
            f"{file}: the {name} tower is {tower.width} wide, which {heads} heads do not divide; the "
            "config is another model's"
        )

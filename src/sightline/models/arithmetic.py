"""How much arithmetic a picture costs, from a card's sizes. Does not know engines or time."""

from sightline.domain.cards import Card
from sightline.models.card_files import Shapes


def gflop_per_picture(
    card: Card, shapes: Shapes, layers: int | None = None, *, only_pooled: bool = False
) -> float:
    """Billions of multiplications and additions of the vision tower's matrix products, for one square.

    Counted are products with weights and attention's own two; the rest is below one percent.
    only_pooled: what our graph executes, whose last block computes no more than the pooled token; without it
    what the reference executes, which is what speeds are compared by.
    """
    width, mlp = shapes.vision.width, shapes.vision.mlp
    depth = min(layers or shapes.vision.depth, shapes.vision.depth)
    patches = (card.image.size_px // shapes.patch_px) ** 2
    tokens = patches + (card.vision.pooling == "cls")
    embedding = patches * width * 3 * shapes.patch_px**2
    block = _block(tokens, tokens, width, mlp)
    last = _block(1, tokens, width, mlp) if only_pooled and card.vision.pooling == "cls" else block
    products = embedding + (depth - 1) * block + last + _head(card, shapes, tokens)
    return 2 * products / 1e9


def _block(queries: int, tokens: int, width: int, mlp: int) -> int:
    """Multiplications of one block in which `queries` tokens attend to `tokens`."""
    keys_and_values = 2 * tokens * width**2
    rest = queries * (2 * width**2 + 2 * width * mlp)
    return keys_and_values + rest + 2 * queries * tokens * width


def _head(card: Card, shapes: Shapes, tokens: int) -> int:
    """The projection, or the attention pool: keys and values of every token, all else for the probe alone."""
    width = shapes.vision.width
    if card.vision.pooling == "attention":
        return _block(1, tokens, width, shapes.vision.mlp)
    return 0 if card.dim == width else width * card.dim

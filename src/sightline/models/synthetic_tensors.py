"""Names, shapes and random values for checkpoints of real size. Does not know files or configs.

Names come from the same tables that loading uses; tests hold them against checkpoints that the reference
libraries wrote.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sightline.domain.arrays import Float32
from sightline.models.card_files import Layout, Shapes, TextShape
from sightline.models.layouts import (
    HF_CLIP_VISION,
    HF_DINOV2,
    HF_SIGLIP_VISION,
    HF_TEXT,
    OPEN_CLIP_TEXT,
    TIMM_VISION,
    AttentionNames,
    BlockNames,
    TextLayout,
    VisionLayout,
)

CHUNK = 1 << 22  # values drawn at once: 16 MB, however large the tensor
BIAS_STD = 0.02


@dataclass(frozen=True)
class Draw:
    """One tensor: normally distributed around `mean`, or all `mean` where std is 0."""

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float


@dataclass(frozen=True)
class TextRecipe:
    layout: TextLayout
    projection: str
    projection_bias: bool
    prefix: str = ""


@dataclass(frozen=True)
class Recipe:
    """What a layout's own table leaves open. leading: axes of size 1 before those of cls and positions."""

    vision: VisionLayout
    text: TextRecipe | None = None
    vision_prefix: str = ""
    patch_bias: bool = True
    layer_scale: bool = False
    leading: int = 0
    extras: tuple[Draw, ...] = ()


RECIPES: Final[dict[Layout, Recipe]] = {
    "clip": Recipe(
        vision=HF_CLIP_VISION,
        text=TextRecipe(HF_TEXT, projection="text_projection", projection_bias=False),
        patch_bias=False,
        extras=(Draw("logit_scale", (), 2.6592, 0),),
    ),
    "siglip": Recipe(
        vision=HF_SIGLIP_VISION,
        text=TextRecipe(HF_TEXT, projection="text_model.head", projection_bias=True),
        extras=(Draw("logit_scale", (1,), 4.7, 0), Draw("logit_bias", (1,), -10.0, 0)),
    ),
    "dinov2": Recipe(vision=HF_DINOV2, layer_scale=True, leading=1),
    "open_clip": Recipe(
        vision=TIMM_VISION,
        vision_prefix="visual.trunk.",
        text=TextRecipe(OPEN_CLIP_TEXT, projection="text_projection", projection_bias=True, prefix="text."),
        leading=1,
        extras=(Draw("logit_scale", (), 4.7, 0), Draw("logit_bias", (), -10.0, 0)),
    ),
}


def draws(shapes: Shapes, dim: int, context_length: int) -> list[Draw]:
    """Every tensor of a checkpoint of that layout and those sizes."""
    recipe = RECIPES[shapes.layout]
    found = [replace(draw, name=recipe.vision_prefix + draw.name) for draw in _vision(recipe, shapes, dim)]
    if recipe.text is not None and shapes.text is not None:
        text = _text(recipe.text, shapes.text, dim, context_length)
        found += [replace(draw, name=recipe.text.prefix + draw.name) for draw in text]
    return [*found, *recipe.extras]


def values(draw: Draw, seed: tuple[int, int]) -> Iterator[Float32]:
    """The values of a tensor, in order, at most CHUNK at once."""
    generator = np.random.default_rng(seed)
    left = math.prod(draw.shape)
    while left:
        size = min(left, CHUNK)
        chunk = generator.standard_normal(size, dtype=np.float32) if draw.std else np.zeros(size, np.float32)
        chunk *= np.float32(draw.std)
        chunk += np.float32(draw.mean)
        yield chunk
        left -= size


def _vision(recipe: Recipe, shapes: Shapes, dim: int) -> Iterator[Draw]:
    layout, width, mlp = recipe.vision, shapes.vision.width, shapes.vision.mlp
    root, ones = layout.root, (1,) * recipe.leading
    has_cls = layout.pool is None
    patch = (width, 3, shapes.patch_px, shapes.patch_px)
    yield _matrix(f"{root}{layout.patch}.weight", patch)
    if recipe.patch_bias:
        yield Draw(f"{root}{layout.patch}.bias", (width,), 0.0, BIAS_STD)
    if has_cls:
        yield Draw(root + layout.cls, (*ones, *ones, width), 0.0, 1.0)
    if shapes.layout == "dinov2":
        yield Draw("embeddings.mask_token", (1, width), 0.0, 0.0)  # of training; loaders expect to find it
    yield Draw(root + layout.positions, (*ones, shapes.grid**2 + has_cls, width), 0.0, 0.5)
    if layout.pre_norm and not layout.pre_norm_is_optional:
        yield from _norm(root + layout.pre_norm, width)
    for i in range(shapes.vision.depth):
        yield from _block(root + layout.blocks.format(i=i), layout.block, (width, mlp), recipe.layer_scale)
    yield from _norm(root + layout.post_norm, width)
    if layout.pool is not None:
        pool = layout.pool
        yield Draw(root + pool.probe, (1, 1, width), 0.0, 1.0)
        yield from _attention(root, pool.attention, width)
        yield from _norm(root + pool.norm, width)
        yield from _affine(root + pool.fc1, mlp, width)
        yield from _affine(root + pool.fc2, width, mlp)
    if layout.projection:
        yield _matrix(f"{layout.projection.name}.weight", (dim, width))


def _text(recipe: TextRecipe, shape: TextShape, dim: int, context_length: int) -> Iterator[Draw]:
    layout, width = recipe.layout, shape.width
    root = layout.root
    yield Draw(root + layout.tokens, (shape.vocab, width), 0.0, 1.0)
    yield Draw(root + layout.positions, (context_length, width), 0.0, 0.5)
    for i in range(shape.depth):
        yield from _block(root + layout.blocks.format(i=i), layout.block, (width, shape.mlp), scaled=False)
    yield from _norm(root + layout.final_norm, width)
    yield _matrix(f"{recipe.projection}.weight", (dim, width))
    if recipe.projection_bias:
        yield Draw(f"{recipe.projection}.bias", (dim,), 0.0, BIAS_STD)


def _block(at: str, names: BlockNames, sizes: tuple[int, int], scaled: bool) -> Iterator[Draw]:
    width, mlp = sizes
    yield from _norm(at + names.norm1, width)
    yield from _attention(at, names.attention, width)
    yield from _norm(at + names.norm2, width)
    yield from _affine(at + names.fc1, mlp, width)
    yield from _affine(at + names.fc2, width, mlp)
    if scaled:
        yield Draw(at + names.scale1, (width,), 1.0, 0.0)
        yield Draw(at + names.scale2, (width,), 1.0, 0.0)


def _attention(at: str, names: AttentionNames, width: int) -> Iterator[Draw]:
    if names.separate:
        for name in names.separate:
            yield from _affine(at + name, width, width)
    else:
        if names.query:
            yield from _affine(at + names.query, width, width)
        rows = width * (2 if names.query else 3)
        yield _matrix(f"{at}{names.fused}weight", (rows, width))
        yield Draw(f"{at}{names.fused}bias", (rows,), 0.0, BIAS_STD)
    yield from _affine(at + names.out, width, width)


def _norm(name: str, width: int) -> Iterator[Draw]:
    yield Draw(f"{name}.weight", (width,), 1.0, 0.0)
    yield Draw(f"{name}.bias", (width,), 0.0, 0.0)


def _affine(name: str, out: int, into: int) -> Iterator[Draw]:
    yield _matrix(f"{name}.weight", (out, into))
    yield Draw(f"{name}.bias", (out,), 0.0, BIAS_STD)


def _matrix(name: str, shape: tuple[int, ...]) -> Draw:
    """Keeps the variance of what passes through, so that depth neither blows it up nor wears it away."""
    return Draw(name, shape, 0.0, 1 / math.sqrt(math.prod(shape[1:])))

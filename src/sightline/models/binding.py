"""Finds the family's tensors in a checkpoint and checks every shape. Does not know what they hold."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sightline.domain.cards import Card
from sightline.domain.errors import BrokenFileError, MissingTensorError, TensorShapeError, UnknownLayoutError
from sightline.domain.records import TensorSlice
from sightline.models.agreement import check_agreement
from sightline.models.family import (
    Affine,
    Attention,
    AttentionPool,
    Block,
    Mlp,
    Norm,
    TextTensors,
    VisionTensors,
)
from sightline.models.layouts import (
    IGNORED_SUFFIXES,
    TEXT_LAYOUTS,
    VISION_LAYOUTS,
    AttentionNames,
    BlockNames,
    PoolNames,
    ProjectionNames,
    TextLayout,
    VisionLayout,
)

WEIGHT_TYPES = ("F32", "F16", "BF16")

Tensors = Mapping[str, TensorSlice]
Layout = TypeVar("Layout", VisionLayout, TextLayout)


def bind(card: Card, tensors: Tensors) -> tuple[VisionTensors, TextTensors | None]:
    """The towers of a checkpoint, as its card describes them.

    Raises UnknownLayoutError: no layout fits, or tensors are left over that no layout knows;
    MissingTensorError, TensorShapeError: a layout fits, but for this tensor.
    """
    fitting = [layout for layout in VISION_LAYOUTS if card.vision.pooling in layout.pooling]
    vision_layout, prefix = _recognise(fitting, tensors, "vision")
    binder = _Binder(tensors, vision_layout.name, prefix)
    vision, text, used = _bind_vision(binder, vision_layout), None, binder.used
    if card.text is not None:
        text_layout, prefix = _recognise(TEXT_LAYOUTS, tensors, "text")
        binder = _Binder(tensors, text_layout.name, prefix)
        text, used = _bind_text(binder, text_layout, card.text.context_length), used | binder.used
    check_agreement(card, vision, text)
    _refuse_leftovers(tensors, used)
    return vision, text


def _recognise(layouts: Iterable[Layout], tensors: Tensors, tower: str) -> tuple[Layout, str]:
    """The layout whose signature is there, and the prefix before it.

    One of the two names is enough if no layout has both: a checkpoint that lacks one tensor is told which.
    """
    for names_needed in (2, 1):
        for layout in layouts:
            signature = [layout.root + name for name in layout.signature]
            for prefix in _prefixes(tensors, signature):
                if sum(prefix + name in tensors for name in signature) >= names_needed:
                    return layout, prefix
    if not tensors:
        raise UnknownLayoutError("the checkpoint's weights hold no tensors; fetch them again")
    known = "; ".join(f"{layout.name} ({layout.root}{layout.signature[0]})" for layout in layouts)
    some = ", ".join(sorted(tensors)[:3])
    raise UnknownLayoutError(
        f"{_file_of(tensors)}: no known layout of a {tower} tower. It holds {some}, ...; known are: {known}"
    )


def _prefixes(tensors: Tensors, signature: list[str]) -> list[str]:
    ends = [name[: -len(wanted)] for name in tensors for wanted in signature if name.endswith(wanted)]
    return sorted({end for end in ends if end == "" or end.endswith(".")}, key=len)


class _Binder:
    """Takes tensors by their name in one layout, behind one prefix, and remembers which were taken."""

    def __init__(self, tensors: Tensors, layout_name: str, prefix: str) -> None:
        self.prefix = prefix
        self.used: set[str] = set()
        self._layout_name = layout_name
        self._tensors = tensors

    def has(self, name: str) -> bool:
        return self.prefix + name in self._tensors

    def tensor(self, name: str, *shape: int | None) -> TensorSlice:
        """The tensor `name`; None in `shape` stands for any size, and sizes of 1 in front do not count."""
        full = self.prefix + name
        wanted = "x".join("?" if size is None else str(size) for size in shape)
        found = self._tensors.get(full)
        if found is None:
            raise MissingTensorError(
                f"{_file_of(self._tensors)}: tensor {full!r} is missing; the layout {self._layout_name!r} "
                f"needs it with shape {wanted}"
            )
        self.used.add(full)
        if found.dtype not in WEIGHT_TYPES:
            raise BrokenFileError(
                f"{found.path.name}: tensor {full!r} is stored as {found.dtype}, expected F32, F16 or BF16; "
                "save the checkpoint in one of them"
            )
        given = found.shape
        while len(given) > len(shape) and given[0] == 1:
            given = given[1:]
        if len(given) != len(shape) or any(
            want not in (None, have) for want, have in zip(shape, given, strict=True)
        ):
            raise TensorShapeError(
                f"{found.path.name}: tensor {full!r} has shape {'x'.join(map(str, found.shape))}, "
                f"expected {wanted}"
            )
        return replace(found, shape=given)

    def norm(self, name: str, width: int) -> Norm:
        return Norm(self.tensor(f"{name}.weight", width), self.tensor(f"{name}.bias", width))

    def affine(self, name: str, out: int | None, into: int | None) -> Affine:
        weight = self.tensor(f"{name}.weight", out, into)
        return Affine(weight, self.tensor(f"{name}.bias", weight.shape[0]))

    def fused(self, name: str, parts: int, width: int) -> list[Affine]:
        """`parts` affines whose rows lie one after the other in one tensor, cut apart by their offsets."""
        weight = self.tensor(f"{name}weight", parts * width, width)
        bias = self.tensor(f"{name}bias", parts * width)
        return [
            Affine(_cut(weight, part, (width, width)), _cut(bias, part, (width,))) for part in range(parts)
        ]

    def mlp(self, fc1: str, fc2: str, width: int) -> Mlp:
        first = self.affine(fc1, None, width)
        return Mlp(first, self.affine(fc2, width, first.weight.shape[0]))

    def attention(self, at: str, names: AttentionNames, width: int) -> Attention:
        if names.separate:
            query, key, value = (self.affine(at + name, width, width) for name in names.separate)
        elif names.query:
            query = self.affine(at + names.query, width, width)
            key, value = self.fused(at + names.fused, 2, width)
        else:
            query, key, value = self.fused(at + names.fused, 3, width)
        return Attention(query, key, value, self.affine(at + names.out, width, width))

    def blocks(self, template: str, names: BlockNames, width: int) -> tuple[Block, ...]:
        before, after = (self.prefix + template).split("{i}")
        rests = [name[len(before) :] for name in self._tensors if name.startswith(before)]
        numbers = [int(rest.split(after)[0]) for rest in rests if rest.split(after)[0].isdecimal()]
        depth = max(numbers, default=0) + 1
        ends = (names.scale1, names.scale2)
        scaled = bool(names.scale1) and any(
            name.startswith(before) and name.endswith(ends) for name in self._tensors
        )
        return tuple(self._block(template.format(i=i), names, width, scaled=scaled) for i in range(depth))

    def _block(self, at: str, names: BlockNames, width: int, *, scaled: bool) -> Block:
        return Block(
            norm1=self.norm(at + names.norm1, width),
            attention=self.attention(at, names.attention, width),
            scale1=self.tensor(at + names.scale1, width) if scaled else None,
            norm2=self.norm(at + names.norm2, width),
            mlp=self.mlp(at + names.fc1, at + names.fc2, width),
            scale2=self.tensor(at + names.scale2, width) if scaled else None,
        )

    def pool(self, names: PoolNames, root: str, width: int) -> AttentionPool:
        return AttentionPool(
            probe=self.tensor(root + names.probe, 1, width),
            attention=self.attention(root, names.attention, width),
            norm=self.norm(root + names.norm, width),
            mlp=self.mlp(root + names.fc1, root + names.fc2, width),
        )


def _cut(tensor: TensorSlice, part: int, shape: tuple[int, ...]) -> TensorSlice:
    """Rows are contiguous, so a part of a fused tensor is a slice of the file like any other."""
    length = tensor.length * math.prod(shape) // math.prod(tensor.shape)
    return replace(tensor, offset=tensor.offset + part * length, length=length, shape=shape)


def _bind_vision(binder: _Binder, layout: VisionLayout) -> VisionTensors:
    root = layout.root
    weight = binder.tensor(f"{root}{layout.patch}.weight", None, 3, None, None)
    width, _, patch_px, _ = weight.shape
    if weight.shape[2] != weight.shape[3]:
        raise TensorShapeError(
            f"{weight.path.name}: patches are {patch_px} x {weight.shape[3]}, expected squares"
        )
    pooled = layout.pool is not None and (not layout.cls or not binder.has(root + layout.cls))
    with_pre_norm = layout.pre_norm and not (
        layout.pre_norm_is_optional and not binder.has(f"{root}{layout.pre_norm}.weight")
    )
    return VisionTensors(
        patch=Affine(weight, None if with_pre_norm else binder.tensor(f"{root}{layout.patch}.bias", width)),
        cls=None if pooled else binder.tensor(root + layout.cls, width),
        positions=binder.tensor(root + layout.positions, None, width),
        antialias=layout.antialias,
        pre_norm=binder.norm(root + layout.pre_norm, width) if with_pre_norm else None,
        blocks=binder.blocks(root + layout.blocks, layout.block, width),
        post_norm=binder.norm(root + layout.post_norm, width),
        pool=binder.pool(layout.pool, root, width) if layout.pool and pooled else None,
        projection=_projection(binder, layout.projection, width) if layout.projection else None,
    )


def _bind_text(binder: _Binder, layout: TextLayout, context_length: int) -> TextTensors:
    root = layout.root
    tokens = binder.tensor(root + layout.tokens, None, None)
    width = tokens.shape[1]
    return TextTensors(
        tokens=tokens,
        positions=binder.tensor(root + layout.positions, context_length, width),
        blocks=binder.blocks(root + layout.blocks, layout.block, width),
        final_norm=binder.norm(root + layout.final_norm, width),
        projection=_text_projection(binder, layout, width),
    )


def _text_projection(binder: _Binder, layout: TextLayout, width: int) -> Affine:
    for names in layout.projections:
        kept_as = [names.name] if names.flipped else [f"{names.name}.weight", f"{names.name}.bias"]
        if any(binder.has(name) for name in kept_as):
            return _projection(binder, names, width)
    return _projection(binder, layout.projections[0], width)  # says what is missing


def _projection(binder: _Binder, names: ProjectionNames, width: int) -> Affine:
    if names.flipped:
        return Affine(binder.tensor(names.name, width, None), None, flipped=True)
    weight = binder.tensor(f"{names.name}.weight", None, width)
    bias = binder.tensor(f"{names.name}.bias", weight.shape[0]) if names.with_bias else None
    return Affine(weight, bias)


def _refuse_leftovers(tensors: Tensors, used: set[str]) -> None:
    unknown = sorted(name for name in tensors if name not in used and not name.endswith(IGNORED_SUFFIXES))
    if unknown:
        raise UnknownLayoutError(
            f"{_file_of(tensors)}: {len(unknown)} tensors have no place in the model, first {unknown[0]!r}. "
            "Vectors computed without them would be wrong; this variant is not supported"
        )


def _file_of(tensors: Tensors) -> str:
    return next(iter(tensors.values())).path.name

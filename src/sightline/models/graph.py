"""Writes a checkpoint's towers as ONNX graphs over its own weights. Does not know layouts, files or runtimes.

Line ends give shapes: N batch, S side and P patch in px, G = S / P, T tokens, D width, L text length.
"""

import math
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.cards import Card, ImageRule, TextRule
from sightline.domain.errors import NoTextTowerError, TensorShapeError
from sightline.domain.records import Graph
from sightline.models.blocks import Blocks, causal_mask
from sightline.models.family import TextTensors, VisionTensors
from sightline.models.onnx_writer import FLOAT, INT32, INT64, UINT8, OnnxWriter, Tensor
from sightline.models.positions import resample_grid
from sightline.models.tensors import load

HIDDEN = "last_hidden_state"


@dataclass(frozen=True)
class FamilyGraphs:
    """The graphs of one checkpoint; implements domain.ports.Graphs.

    with_hidden adds a second output, the reference's last_hidden_state, for comparing stage by stage.
    """

    card: Card
    vision: VisionTensors
    text: TextTensors | None
    with_hidden: bool = False

    def of_images(self) -> Graph:
        """uint8 (N, S, S, 3), RGB -> (N, dim): scaling and normalising are part of the graph."""
        writer = OnnxWriter()
        side, patch = self.card.image.size_px, self.vision.patch_px
        patches = _cut(writer, "images", (side, patch), channels_last=True)  # (N, G * G, 3 * P * P)
        patches = _normalise(writer, patches, self.card.image, area=patch**2)
        return self._vision(writer, patches, Tensor("images", UINT8, ("N", side, side, 3)))

    def of_pixels(self, side_px: int | None = None) -> Graph:
        """float32 (N, 3, S, S), scaled and normalised by the caller -> (N, dim); S: the card's by default."""
        writer = OnnxWriter()
        side = side_px or self.card.image.size_px
        patches = _cut(writer, "pixels", (side, self.vision.patch_px), channels_last=False)
        return self._vision(writer, patches, Tensor("pixels", FLOAT, ("N", 3, side, side)))

    def of_texts(self) -> Graph:
        """int64 (N, L) -> (N, dim). Raises NoTextTowerError."""
        if self.text is None or self.card.text is None:
            raise NoTextTowerError(f"{self.card.name} has no text tower")
        return _TextWriter(self.card, self.text, self.card.text, with_hidden=self.with_hidden).write()

    def _vision(self, writer: OnnxWriter, patches: str, graph_input: Tensor) -> Graph:
        tower, rule = self.vision, self.card.vision
        blocks = Blocks(writer, heads=rule.heads, activation=rule.activation, norm_eps=rule.norm_eps)
        x = self._embed(writer, patches, int(graph_input.shape[2]))  # (N, T, D)
        if tower.pre_norm:
            x = blocks.norm(x, tower.pre_norm)
        for block in tower.blocks[:-1]:
            x = blocks.block(x, block)
        outputs = {}
        if tower.pool:
            x = blocks.norm(blocks.block(x, tower.blocks[-1]), tower.post_norm)
            outputs[HIDDEN] = x
            pooled = blocks.attention_pool(x, tower.pool)  # (N, 1, D)
        else:
            if self.with_hidden:
                hidden = blocks.block(x, tower.blocks[-1])
                # CLIP's reference hands out the tokens before the last norm, DINOv2's after it
                outputs[HIDDEN] = hidden if tower.projection else blocks.norm(hidden, tower.post_norm)
            cls = writer.node("Slice", x, writer.ints(0), writer.ints(1), writer.ints(1))  # (N, 1, D)
            pooled = blocks.norm(blocks.block(x, tower.blocks[-1], only=cls), tower.post_norm)
        vector = writer.node("Squeeze", pooled, writer.ints(1))  # (N, D)
        if tower.projection:
            vector = blocks.affine(vector, tower.projection)  # (N, dim)
        chosen = {"vectors": blocks.unit(vector)} | (outputs if self.with_hidden else {})
        return writer.finish(f"{self.card.name}/{graph_input.name}", self.card.dim, graph_input, chosen)

    def _embed(self, writer: OnnxWriter, patches: str, side_px: int) -> str:
        """Normalised patches (N, G * G, 3 * P * P) -> tokens with positions (N, T, D).

        The patch convolution as one product: its kernels do not overlap, and products run nearer the peak.
        """
        tower, width = self.vision, self.vision.width
        kernels = writer.node("Reshape", writer.weight(tower.patch.weight), writer.ints(width, -1))
        x = writer.node("MatMul", patches, writer.node("Transpose", kernels, perm=[1, 0]))  # (N, G * G, D)
        if tower.patch.bias:
            x = writer.node("Add", x, writer.weight(tower.patch.bias))
        if tower.cls:
            cls = writer.node("Reshape", writer.weight(tower.cls), writer.ints(1, 1, width))
            count = writer.node("Shape", patches, start=0, end=1)  # (1,) = N
            shape = writer.node("Concat", count, writer.ints(1, width), axis=0)
            x = writer.node("Concat", writer.node("Expand", cls, shape), x, axis=1)  # (N, T, D)
        return writer.node("Add", x, _positions(writer, tower, side_px))


def _cut(writer: OnnxWriter, image: str, sizes: tuple[int, int], *, channels_last: bool) -> str:
    """A picture of sizes (side, patch) -> its patches, row by row, each by channel (N, G * G, 3 * P * P)."""
    side, patch = sizes
    grid = side // patch
    if grid * patch < side:  # what is left over at the right and the bottom belongs to no patch
        axes = (1, 2) if channels_last else (2, 3)
        end = grid * patch
        image = writer.node("Slice", image, writer.ints(0, 0), writer.ints(end, end), writer.ints(*axes))
    shape = (0, grid, patch, grid, patch, 3) if channels_last else (0, 3, grid, patch, grid, patch)
    order = [0, 1, 3, 5, 2, 4] if channels_last else [0, 2, 4, 1, 3, 5]
    x = writer.node("Transpose", writer.node("Reshape", image, writer.ints(*shape)), perm=order)
    return writer.node("Reshape", x, writer.ints(0, grid * grid, 3 * patch * patch))


def _normalise(writer: OnnxWriter, patches: str, rule: ImageRule, *, area: int) -> str:
    """uint8 (N, G * G, 3 * P * P) -> float32: (x / 255 - mean) / std as one product and one sum."""
    mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
    x = writer.node("Cast", patches, to=FLOAT)
    x = writer.node("Mul", x, writer.constant(np.repeat(1 / (255 * std), area)))  # (3 * P * P,)
    return writer.node("Add", x, writer.constant(np.repeat(-mean / std, area)))


def _positions(writer: OnnxWriter, tower: VisionTensors, side_px: int) -> str:
    """The learned positions (T, D); resampled, and kept in the graph, where the picture's grid differs."""
    extra = 1 if tower.cls else 0
    count = tower.positions.shape[0] - extra
    grid, side = math.isqrt(count), side_px // tower.patch_px
    if grid * grid != count:
        raise TensorShapeError(
            f"{tower.positions.path.name}: {tower.positions.shape[0]} position embeddings leave {count} "
            f"for the patches, which is no square grid; expected {side * side + extra} for {side_px} px"
        )
    if grid == side:
        return writer.weight(tower.positions)
    table: Float32 = load(tower.positions).astype(np.float32)  # (T, D)
    patches = resample_grid(table[extra:].reshape(grid, grid, -1), side, antialias=tower.antialias)
    return writer.constant(np.concatenate([table[:extra], patches.reshape(side * side, -1)]))


class _TextWriter:
    """The text tower. L is dynamic up to the context length."""

    def __init__(self, card: Card, tower: TextTensors, rule: TextRule, *, with_hidden: bool) -> None:
        self._card, self._tower, self._rule, self._with_hidden = card, tower, rule, with_hidden
        self._writer = OnnxWriter()
        self._blocks = Blocks(
            self._writer, heads=rule.heads, activation=rule.activation, norm_eps=rule.norm_eps
        )

    def write(self) -> Graph:
        writer, tower, blocks = self._writer, self._tower, self._blocks
        length = writer.node("Shape", "ids", start=1, end=2)  # (1,) = L
        x = writer.node("Gather", writer.weight(tower.tokens), "ids", axis=0)  # (N, L, D)
        x = writer.node("Add", x, self._head_of(writer.weight(tower.positions), length))
        mask = self._mask(length) if self._rule.causal else ""
        for block in tower.blocks[:-1]:
            x = blocks.block(x, block, mask)
        outputs = {}
        if self._with_hidden:
            outputs[HIDDEN] = blocks.norm(blocks.block(x, tower.blocks[-1], mask), tower.final_norm)
        pooled = self._pool(x, mask)  # (N, 1, D)
        vector = writer.node("Squeeze", blocks.norm(pooled, tower.final_norm), writer.ints(1))  # (N, D)
        if tower.projection:
            vector = blocks.affine(vector, tower.projection)  # (N, dim)
        ids = Tensor("ids", INT64, ("N", "L"))
        return writer.finish(
            f"{self._card.name}/ids", self._card.dim, ids, {"vectors": blocks.unit(vector)} | outputs
        )

    def _head_of(self, table: str, length: str) -> str:
        """The first L rows."""
        return self._writer.node("Slice", table, self._writer.ints(0), length, self._writer.ints(0))

    def _mask(self, length: str) -> str:
        full = self._writer.constant(causal_mask(self._rule.context_length))
        both = self._writer.node("Concat", length, length, axis=0)
        return self._writer.node("Slice", full, self._writer.ints(0, 0), both, self._writer.ints(0, 1))

    def _pool(self, x: str, mask: str) -> str:
        """The last block for the pooled token alone: (N, L, D) -> (N, 1, D)."""
        writer = self._writer
        if self._rule.pooling == "last":
            only = writer.node("Slice", x, writer.ints(-1), writer.ints(2**31), writer.ints(1))
            return self._blocks.block(x, self._tower.blocks[-1], only=only)
        is_eos = writer.node("Equal", "ids", writer.constant(np.array(self._rule.eos_id)))  # (N, L)
        place = writer.node("ArgMax", writer.node("Cast", is_eos, to=INT32), axis=1, keepdims=1)  # (N, 1)
        only = writer.node("GatherND", x, writer.node("Unsqueeze", place, writer.ints(2)), batch_dims=1)
        if mask:  # the row of the pooled token: what it may look at
            rows = writer.node("Gather", mask, place, axis=0)  # (N, 1, L)
            mask = writer.node("Unsqueeze", rows, writer.ints(1))  # (N, 1, 1, L)
        return self._blocks.block(x, self._tower.blocks[-1], mask, only=only)

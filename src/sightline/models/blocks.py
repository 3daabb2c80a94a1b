"""The parts of the family in ONNX: norms, attention, MLPs, pooling heads. Do not know their model.

Comments at line ends give shapes: N batch, T tokens, D width, H heads, d = D / H.
"""

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.cards import Activation
from sightline.domain.records import TensorSlice
from sightline.models.family import Affine, Attention, AttentionPool, Block, Mlp, Norm
from sightline.models.onnx_writer import OnnxWriter

QUICK_GELU = 1.702  # openai/CLIP model.py, QuickGELU


class Blocks:
    """Writes parts for one tower: its head count, activation and epsilon are fixed."""

    def __init__(self, writer: OnnxWriter, *, heads: int, activation: Activation, norm_eps: float) -> None:
        self._writer = writer
        self._heads = heads
        self._activation = activation
        self._norm_eps = norm_eps

    def norm(self, x: str, norm: Norm) -> str:
        """(N, T, D) -> (N, T, D)."""
        weight, bias = self._writer.weight(norm.weight), self._writer.weight(norm.bias)
        return self._writer.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=self._norm_eps)

    def affine(self, x: str, affine: Affine) -> str:
        """(N, T, in) -> (N, T, out)."""
        weight = self._writer.weight(affine.weight)
        if not affine.flipped:  # the runtimes fold this into the product
            weight = self._writer.node("Transpose", weight, perm=[1, 0])
        product = self._writer.node("MatMul", x, weight)
        if affine.bias is None:
            return product
        return self._writer.node("Add", product, self._writer.weight(affine.bias))

    def block(self, x: str, block: Block, mask: str = "", only: str = "") -> str:
        """(N, T, D) -> (N, T, D), or (N, 1, D) when `only` names the one token per row that is wanted.

        The last block of a tower that pools one token needs the others as keys and values only; leaving the
        rest of their work out changes nothing in the result and saves most of a block.
        """
        normed = self.norm(x, block.norm1)
        queries = self.norm(only, block.norm1) if only else normed
        attended = self.attention(queries, normed, block.attention, mask)
        x = self._add(only or x, attended, block.scale1)
        return self._add(x, self.mlp(self.norm(x, block.norm2), block.mlp), block.scale2)

    def attention(self, queries: str, tokens: str, attention: Attention, mask: str = "") -> str:
        """Attend from (N, Q, D) to (N, T, D) -> (N, Q, D); mask (Q, T) is added to the scores."""
        width = attention.query.weight.shape[1]
        scale = (width // self._heads) ** -0.5
        query = self._split(self.affine(queries, attention.query), width)  # (N, H, Q, d)
        key = self._split(self.affine(tokens, attention.key), width, transposed=True)  # (N, H, d, T)
        value = self._split(self.affine(tokens, attention.value), width)  # (N, H, T, d)
        query = self._writer.node("Mul", query, self._writer.floats(scale))
        scores = self._writer.node("MatMul", query, key)  # (N, H, Q, T)
        if mask:
            scores = self._writer.node("Add", scores, mask)
        weights = self._writer.node("Softmax", scores, axis=-1)
        mixed = self._writer.node("MatMul", weights, value)  # (N, H, Q, d)
        mixed = self._writer.node("Transpose", mixed, perm=[0, 2, 1, 3])  # (N, Q, H, d)
        mixed = self._writer.node("Reshape", mixed, self._writer.ints(0, 0, width))  # (N, Q, D)
        return self.affine(mixed, attention.out)

    def mlp(self, x: str, mlp: Mlp) -> str:
        """(N, T, D) -> (N, T, D)."""
        return self.affine(self._activate(self.affine(x, mlp.fc1)), mlp.fc2)

    def attention_pool(self, x: str, pool: AttentionPool) -> str:
        """(N, T, D) -> (N, 1, D). Source: timm AttentionPoolLatent."""
        width = pool.probe.shape[-1]
        # the probe is the same for every picture: it is broadcast by the product, so it keeps a batch of 1
        probe = self._writer.node("Reshape", self._writer.weight(pool.probe), self._writer.ints(1, 1, width))
        pooled = self.attention(probe, x, pool.attention)  # (N, 1, D)
        return self._add(pooled, self.mlp(self.norm(pooled, pool.norm), pool.mlp), None)

    def unit(self, x: str) -> str:
        """(N, D) -> (N, D) of length 1."""
        length = self._writer.node("ReduceL2", x, self._writer.ints(-1), keepdims=1)  # (N, 1)
        return self._writer.node("Div", x, length)

    def _split(self, x: str, width: int, *, transposed: bool = False) -> str:
        shape = self._writer.ints(0, 0, self._heads, width // self._heads)
        parted = self._writer.node("Reshape", x, shape)  # (N, T, H, d)
        return self._writer.node("Transpose", parted, perm=[0, 2, 3, 1] if transposed else [0, 2, 1, 3])

    def _add(self, x: str, change: str, scale: TensorSlice | None) -> str:
        if scale is not None:
            change = self._writer.node("Mul", change, self._writer.weight(scale))
        return self._writer.node("Add", x, change)

    def _activate(self, x: str) -> str:
        if self._activation == "quick_gelu":
            gate = self._writer.node("Sigmoid", self._writer.node("Mul", x, self._writer.floats(QUICK_GELU)))
            return self._writer.node("Mul", x, gate)
        kind = "tanh" if self._activation == "gelu_tanh" else "none"
        return self._writer.node("Gelu", x, approximate=kind)


def causal_mask(length: int) -> Float32:
    """(length, length) float32: 0 where a token may look, -inf at the tokens after it."""
    return np.triu(np.full((length, length), -np.inf, dtype=np.float32), k=1)

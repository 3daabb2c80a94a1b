"""The one family all models here belong to, as the tensors it consists of. Does not know tensor names.

A vision tower is a patch convolution, transformer blocks and a pooling (class token, projected class token
or attention); a text tower is token embeddings, transformer blocks and a pooled, projected token.
Source: Dosovitskiy et al. 2021 (ViT), Radford et al. 2021 (CLIP), Zhai et al. 2023 (SigLIP).
"""

from dataclasses import dataclass

from sightline.domain.records import TensorSlice


@dataclass(frozen=True)
class Affine:
    """x -> x W^T + b, with W of shape (out, in); `flipped` where the file keeps it as (in, out)."""

    weight: TensorSlice
    bias: TensorSlice | None
    flipped: bool = False


@dataclass(frozen=True)
class Norm:
    """Layer normalisation: gain and shift of shape (D,)."""

    weight: TensorSlice
    bias: TensorSlice


@dataclass(frozen=True)
class Attention:
    """Multi-head attention; query, key and value are separate even where the file keeps them fused."""

    query: Affine
    key: Affine
    value: Affine
    out: Affine


@dataclass(frozen=True)
class Mlp:
    fc1: Affine
    fc2: Affine


@dataclass(frozen=True)
class Block:
    """One pre-norm transformer block. scale1, scale2: LayerScale of shape (D,), as DINOv2 has."""

    norm1: Norm
    attention: Attention
    scale1: TensorSlice | None
    norm2: Norm
    mlp: Mlp
    scale2: TensorSlice | None


@dataclass(frozen=True)
class AttentionPool:
    """SigLIP's head: a learned probe (1, 1, D) attends over all tokens, then a residual MLP."""

    probe: TensorSlice
    attention: Attention
    norm: Norm
    mlp: Mlp


@dataclass(frozen=True)
class VisionTensors:
    """positions: (T, D), T counting the class token. antialias: how its layout resamples them."""

    patch: Affine  # weight (D, 3, P, P)
    cls: TensorSlice | None
    positions: TensorSlice
    antialias: bool
    pre_norm: Norm | None
    blocks: tuple[Block, ...]
    post_norm: Norm
    pool: AttentionPool | None
    projection: Affine | None

    @property
    def width(self) -> int:
        return self.patch.weight.shape[0]

    @property
    def patch_px(self) -> int:
        return self.patch.weight.shape[-1]


@dataclass(frozen=True)
class TextTensors:
    """tokens: (V, D) embeddings; positions: (L, D)."""

    tokens: TensorSlice
    positions: TensorSlice
    blocks: tuple[Block, ...]
    final_norm: Norm
    projection: Affine | None

    @property
    def width(self) -> int:
        return self.tokens.shape[1]

    @property
    def context_length(self) -> int:
        return self.positions.shape[0]

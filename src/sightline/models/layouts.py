"""Where each layout of checkpoint keeps the family's tensors, as tables. Does not know how to read a file.

A layout is recognised by two of its tensor names, whatever prefix stands before them (`model.`, `module.`).
Names inside a block are relative to it. An empty name means that the layout has no such part.
"""

from dataclasses import dataclass
from typing import Literal

Pooling = Literal["cls", "attention"]


@dataclass(frozen=True)
class AttentionNames:
    """Either three separate projections, or one fused tensor that holds them one after the other."""

    out: str
    separate: tuple[str, str, str] | None = None
    fused: str = ""
    query: str = ""  # with fused: the query stands alone, key and value are fused (timm's pooling head)


@dataclass(frozen=True)
class BlockNames:
    norm1: str
    attention: AttentionNames
    norm2: str
    fc1: str
    fc2: str
    scale1: str = ""  # LayerScale: in all blocks or in none
    scale2: str = ""


@dataclass(frozen=True)
class PoolNames:
    probe: str
    attention: AttentionNames
    norm: str
    fc1: str
    fc2: str


@dataclass(frozen=True)
class ProjectionNames:
    """The step from the tower's width to the shared space. flipped: kept as one (in, out) tensor."""

    name: str
    flipped: bool = False
    with_bias: bool = False


@dataclass(frozen=True)
class VisionLayout:
    """`root` starts every name but the projection's; the prefix of a checkpoint stands before both.

    pooling: which cards it fits, where two models share all other names.
    """

    name: str
    pooling: frozenset[Pooling]
    root: str
    signature: tuple[str, str]
    patch: str
    positions: str
    blocks: str  # with {i}
    block: BlockNames
    post_norm: str
    antialias: bool  # how the reference of this layout resamples position embeddings
    cls: str = ""
    pre_norm: str = ""  # with it the patches have no bias
    pre_norm_is_optional: bool = False
    pool: PoolNames | None = None
    projection: ProjectionNames | None = None


@dataclass(frozen=True)
class TextLayout:
    name: str
    root: str
    signature: tuple[str, str]
    tokens: str
    positions: str
    blocks: str  # with {i}
    block: BlockNames
    final_norm: str
    projections: tuple[ProjectionNames, ...]  # the first that is there


_HF_BLOCK = BlockNames(
    norm1="layer_norm1",
    attention=AttentionNames(
        "self_attn.out_proj", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    ),
    norm2="layer_norm2",
    fc1="mlp.fc1",
    fc2="mlp.fc2",
)
_RESBLOCK = BlockNames(
    norm1="ln_1",
    attention=AttentionNames("attn.out_proj", fused="attn.in_proj_"),
    norm2="ln_2",
    fc1="mlp.c_fc",
    fc2="mlp.c_proj",
    scale1="ls_1.gamma",
    scale2="ls_2.gamma",
)

HF_CLIP_VISION = VisionLayout(
    name="transformers CLIP",
    pooling=frozenset({"cls"}),
    root="vision_model.",
    signature=("embeddings.patch_embedding.weight", "encoder.layers.0.self_attn.q_proj.weight"),
    patch="embeddings.patch_embedding",
    cls="embeddings.class_embedding",
    positions="embeddings.position_embedding.weight",
    pre_norm="pre_layrnorm",  # the reference spells it so
    blocks="encoder.layers.{i}.",
    block=_HF_BLOCK,
    post_norm="post_layernorm",
    projection=ProjectionNames("visual_projection"),
    antialias=False,
)
HF_SIGLIP_VISION = VisionLayout(
    name="transformers SigLIP",
    pooling=frozenset({"attention"}),
    root="vision_model.",
    signature=("embeddings.patch_embedding.weight", "encoder.layers.0.self_attn.q_proj.weight"),
    patch="embeddings.patch_embedding",
    positions="embeddings.position_embedding.weight",
    blocks="encoder.layers.{i}.",
    block=_HF_BLOCK,
    post_norm="post_layernorm",
    pool=PoolNames(
        probe="head.probe",
        attention=AttentionNames("head.attention.out_proj", fused="head.attention.in_proj_"),
        norm="head.layernorm",
        fc1="head.mlp.fc1",
        fc2="head.mlp.fc2",
    ),
    antialias=False,
)
HF_DINOV2 = VisionLayout(
    name="transformers DINOv2",
    pooling=frozenset({"cls"}),
    root="",
    signature=(
        "embeddings.patch_embeddings.projection.weight",
        "encoder.layer.0.attention.attention.query.weight",
    ),
    patch="embeddings.patch_embeddings.projection",
    cls="embeddings.cls_token",
    positions="embeddings.position_embeddings",
    blocks="encoder.layer.{i}.",
    block=BlockNames(
        norm1="norm1",
        attention=AttentionNames(
            "attention.output.dense",
            ("attention.attention.query", "attention.attention.key", "attention.attention.value"),
        ),
        scale1="layer_scale1.lambda1",
        norm2="norm2",
        fc1="mlp.fc1",
        fc2="mlp.fc2",
        scale2="layer_scale2.lambda1",
    ),
    post_norm="layernorm",
    antialias=False,
)
TIMM_VISION = VisionLayout(
    name="timm ViT, alone or as open_clip's trunk",
    pooling=frozenset({"cls", "attention"}),
    root="",
    signature=("patch_embed.proj.weight", "blocks.0.attn.qkv.weight"),
    patch="patch_embed.proj",
    cls="cls_token",
    positions="pos_embed",
    pre_norm="norm_pre",
    pre_norm_is_optional=True,
    blocks="blocks.{i}.",
    block=BlockNames(
        norm1="norm1",
        attention=AttentionNames("attn.proj", fused="attn.qkv."),
        scale1="ls1.gamma",
        norm2="norm2",
        fc1="mlp.fc1",
        fc2="mlp.fc2",
        scale2="ls2.gamma",
    ),
    post_norm="norm",
    pool=PoolNames(
        probe="attn_pool.latent",
        attention=AttentionNames("attn_pool.proj", fused="attn_pool.kv.", query="attn_pool.q"),
        norm="attn_pool.norm",
        fc1="attn_pool.mlp.fc1",
        fc2="attn_pool.mlp.fc2",
    ),
    antialias=True,
)
OPEN_CLIP_VISION = VisionLayout(
    name="open_clip ViT",
    pooling=frozenset({"cls"}),
    root="visual.",
    signature=("conv1.weight", "transformer.resblocks.0.attn.in_proj_weight"),
    patch="conv1",
    cls="class_embedding",
    positions="positional_embedding",
    pre_norm="ln_pre",
    blocks="transformer.resblocks.{i}.",
    block=_RESBLOCK,
    post_norm="ln_post",
    projection=ProjectionNames("visual.proj", flipped=True),
    antialias=True,
)
HF_TEXT = TextLayout(
    name="transformers CLIP or SigLIP",
    root="text_model.",
    signature=("embeddings.token_embedding.weight", "encoder.layers.0.self_attn.q_proj.weight"),
    tokens="embeddings.token_embedding.weight",
    positions="embeddings.position_embedding.weight",
    blocks="encoder.layers.{i}.",
    block=_HF_BLOCK,
    final_norm="final_layer_norm",
    projections=(ProjectionNames("text_projection"), ProjectionNames("text_model.head", with_bias=True)),
)
OPEN_CLIP_TEXT = TextLayout(
    name="open_clip text",
    root="",
    signature=("token_embedding.weight", "transformer.resblocks.0.attn.in_proj_weight"),
    tokens="token_embedding.weight",
    positions="positional_embedding",
    blocks="transformer.resblocks.{i}.",
    block=_RESBLOCK,
    final_norm="ln_final",
    projections=(
        ProjectionNames("text_projection", with_bias=True),
        ProjectionNames("text_projection", flipped=True),
    ),
)

VISION_LAYOUTS = (HF_CLIP_VISION, HF_SIGLIP_VISION, HF_DINOV2, OPEN_CLIP_VISION, TIMM_VISION)
TEXT_LAYOUTS = (HF_TEXT, OPEN_CLIP_TEXT)

# What training leaves in a file and no vector depends on; anything else unknown is refused, because leaving
# it out of the arithmetic (register tokens, say) would give vectors that are wrong and look right.
IGNORED_SUFFIXES = (
    "logit_scale",
    "logit_bias",
    "position_ids",
    "mask_token",
    "attn_mask",
)

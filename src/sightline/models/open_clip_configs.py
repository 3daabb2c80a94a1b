"""open_clip_config.json as facts for a card. Does not know tensors, or any other library's configs.

Keys and defaults: https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/model.py, CLIPVisionCfg
and CLIPTextCfg. A trunk from timm states its head count nowhere but in its name.
"""

import re
from typing import Final

from sightline.domain.cards import Activation, Depths, ImageRule, TextRule, VisionRule
from sightline.domain.errors import BrokenFileError, UnknownLayoutError
from sightline.models.config_section import Facts, Section
from sightline.models.processors import CLIP_MEAN, CLIP_STD

HEAD_WIDTH = 64
SIGLIP_EOS_ID = 1  # </s> of the T5 tokenizer, which pads too
SIGLIP2_VOCAB = 256_000

# https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/vision_transformer.py
TIMM_HEADS: Final[dict[str, int]] = {
    "tiny": 3,
    "small": 6,
    "base": 12,
    "large": 16,
    "huge": 16,
    "so400m": 16,
}


def open_clip_facts(config: Section) -> Facts:
    """What an open_clip_config.json says of a checkpoint.

    Raises UnknownLayoutError: a tower outside the family. BrokenFileError: values that cannot be.
    """
    model = config.section("model_cfg")
    vision, text = model.section("vision_cfg"), model.section("text_cfg")
    dim = model.whole("embed_dim")
    activation: Activation = "quick_gelu" if model.flag("quick_gelu", False) else "gelu"
    timm_name = vision.string("timm_model_name", "")
    return Facts(
        dim=dim,
        image=_image_rule(config.section("preprocess_cfg"), _image_px(vision, "image_size", 224)),
        vision=_timm_rule(vision, timm_name, dim) if timm_name else _vit_rule(vision, activation),
        text=_text_rule(text, activation),
        # of a trunk from timm only its name would tell
        depths=Depths(None if timm_name else vision.whole("layers", 12), text.whole("layers", 12)),
    )


def _timm_rule(vision: Section, name: str, dim: int) -> VisionRule:
    pool, proj = vision.string("timm_pool", "avg"), vision.string("timm_proj", "linear")
    if pool != "map" or proj not in ("none", ""):
        raise UnknownLayoutError(
            f"{vision.where}: trunk {name!r} with timm_pool {pool!r} and timm_proj {proj!r}; "
            "supported: SigLIP's, with 'map' and 'none'"
        )
    if vision.has("head_width"):  # the trunk's width is dim, since nothing projects it
        return VisionRule(_heads(vision, dim, vision.whole("head_width")), "gelu", 1e-6, "attention")
    size = re.match(r"vit_([a-z0-9]+?)_patch\d+_siglip", name)
    if size is None or size[1] not in TIMM_HEADS:
        raise UnknownLayoutError(
            f"{vision.where}: how many heads {name!r} has is not known; supported: vit_SIZE_patchN_siglip_* "
            f"with SIZE one of {', '.join(TIMM_HEADS)}, or any with head_width stated"
        )
    return VisionRule(TIMM_HEADS[size[1]], "gelu", 1e-6, "attention")


def _vit_rule(vision: Section, activation: Activation) -> VisionRule:
    if isinstance(vision.raw("layers"), list):
        raise UnknownLayoutError(f"{vision.where}: layers is a list, so this is a ResNet; supported: ViT")
    odd = [key for key in ("attentional_pool", "global_average_pool", "no_ln_pre", "attn_pooler_heads")
           if vision.raw(key) not in (None, False)]  # fmt: skip
    if odd or vision.string("pool_type", "tok") != "tok":
        raise UnknownLayoutError(
            f"{vision.where}: {odd or 'pool_type'}; supported: CLIP's own ViT, pool_type 'tok'"
        )
    heads = _heads(vision, vision.whole("width", 768), vision.whole("head_width", HEAD_WIDTH))
    return VisionRule(heads, _approximated(vision, activation), _norm_eps(vision), "cls")


def _heads(vision: Section, width: int, head_width: int) -> int:
    if width % head_width:
        raise BrokenFileError(f"{vision.where}: width {width} is no multiple of head_width {head_width}")
    return width // head_width


def _text_rule(text: Section, activation: Activation) -> TextRule:
    if text.has("hf_model_name"):
        raise UnknownLayoutError(f"{text.where}: a text tower from transformers; supported: open_clip's own")
    vocab, causal = text.whole("vocab_size", 49408), not text.flag("no_causal_mask", False)
    pool = text.string("pool_type", "argmax")
    if (pool, causal) not in (("argmax", True), ("last", False)) or vocab == SIGLIP2_VOCAB:
        raise UnknownLayoutError(
            f"{text.where}: pool_type {pool!r}, causal {causal}, vocabulary {vocab}; supported: CLIP's "
            "('argmax', causal) and SigLIP's of the first generation ('last', not causal, 32000)"
        )
    eos_id = vocab - 1 if causal else SIGLIP_EOS_ID  # argmax pools at the highest id
    clean = text.section("tokenizer_kwargs").string("clean", "whitespace" if causal else "canonicalize")
    return TextRule(
        heads=text.whole("heads", 8),
        activation=_approximated(text, activation),
        norm_eps=_norm_eps(text),
        causal=causal,
        pooling="eos" if causal else "last",
        context_length=text.whole("context_length", 77),
        pad_id=eos_id,  # open_clip pads CLIP's text with 0: after the eos of a causal tower it is not seen
        eos_id=eos_id,
        canonicalise=clean == "canonicalize",
    )


def _approximated(tower: Section, activation: Activation) -> Activation:
    return "gelu_tanh" if tower.section("act_kwargs").string("approximate", "none") == "tanh" else activation


def _norm_eps(tower: Section) -> float:
    return tower.section("norm_kwargs").number("eps", 1e-5)


def _image_rule(preprocess: Section, image_px: int) -> ImageRule:
    size_px = _image_px(preprocess, "size", image_px)
    mode = preprocess.string("resize_mode", "shortest")
    interpolation = preprocess.string("interpolation", "bicubic")
    if mode not in ("shortest", "squash") or interpolation not in ("bicubic", "bilinear"):
        raise UnknownLayoutError(
            f"{preprocess.where}: resize_mode {mode!r}, interpolation {interpolation!r}; "
            "supported: shortest or squash, bicubic or bilinear"
        )
    return ImageRule(
        size_px=size_px,
        resize="squash" if mode == "squash" else "shortest_edge",
        resize_px=size_px,
        interpolation="bicubic" if interpolation == "bicubic" else "bilinear",
        mean=preprocess.triple("mean", CLIP_MEAN),
        std=preprocess.divisors("std", CLIP_STD),
    )


def _image_px(section: Section, key: str, default: int) -> int:
    value = section.raw(key)
    if isinstance(value, list):
        if len(set(map(str, value))) != 1:
            raise UnknownLayoutError(f"{section.where}: {key} is {value!r}; supported: squares")
        return Section(section.where, {key: value[0]}).whole(key)
    return section.whole(key, default)

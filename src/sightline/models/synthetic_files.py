"""The small files beside synthetic weights: configs and a tokenizer. Does not know tensors.

Both Sightline and the library that owns the layout read them; `card_from_folder` gives the card back.
"""

import json
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from sightline.domain.cards import Card, ImageRule, TextRule
from sightline.models.card_files import Shapes, TextShape
from sightline.models.configs import CONFIG, OPEN_CLIP_CONFIG, PREPROCESSOR, TOKENIZER

TOKENIZER_CONFIG: Final = "tokenizer_config.json"  # read by transformers only
ACTIVATION_NAMES: Final = {"quick_gelu": "quick_gelu", "gelu": "gelu", "gelu_tanh": "gelu_pytorch_tanh"}
TIMM_SIZES: Final = {384: "small", 768: "base", 1024: "large", 1152: "so400m"}
PROCESSORS: Final = {
    "clip": "CLIPImageProcessor",
    "siglip": "SiglipImageProcessor",
    "dinov2": "BitImageProcessor",
}

CLIP: Final = {"model_type": "clip", "architectures": ["CLIPModel"]}
SIGLIP: Final = {"model_type": "siglip", "architectures": ["SiglipModel"]}
DINOV2: Final = {"model_type": "dinov2", "architectures": ["Dinov2Model"], "mlp_ratio": 4}


def small_files(card: Card, shapes: Shapes) -> dict[str, str]:
    """File name -> text, for a checkpoint of those sizes that is loaded as that card."""
    if card.text is None or shapes.text is None:
        return _transformers(card, shapes, _vision_config(card, shapes) | DINOV2)
    tokenizer, tokens = _clip_tokenizer(card.text) if card.text.causal else _t5_tokenizer()
    tokenizer_config = {"tokenizer_class": "PreTrainedTokenizerFast"} | tokens
    files = {TOKENIZER: tokenizer.to_str(), TOKENIZER_CONFIG: json.dumps(tokenizer_config, indent=1)}
    if shapes.layout == "open_clip":
        config = {
            "model_cfg": {
                "embed_dim": card.dim,
                "init_logit_bias": -10,
                "custom_text": True,
                "vision_cfg": _open_clip_vision(card, shapes),
                "text_cfg": _open_clip_text(card.text, shapes.text),
            },
            "preprocess_cfg": _open_clip_preprocess(card.image),
        }
        return files | {OPEN_CLIP_CONFIG: json.dumps(config, indent=1)}
    towers = {
        "vision_config": _vision_config(card, shapes),
        "text_config": _text_config(card.text, shapes.text) | {"projection_size": card.dim},
        "projection_dim": card.dim,
    }
    return files | _transformers(card, shapes, towers | (SIGLIP if shapes.layout == "siglip" else CLIP))


def _transformers(card: Card, shapes: Shapes, config: dict[str, Any]) -> dict[str, str]:
    preprocessor = _preprocessor(card.image, PROCESSORS[shapes.layout])
    return {CONFIG: json.dumps(config, indent=1), PREPROCESSOR: json.dumps(preprocessor, indent=1)}


def _vision_config(card: Card, shapes: Shapes) -> dict[str, Any]:
    made_for_px = shapes.patch_px * shapes.grid if shapes.layout == "dinov2" else card.image.size_px
    return {
        "hidden_size": shapes.vision.width,
        "num_hidden_layers": shapes.vision.depth,
        "intermediate_size": shapes.vision.mlp,
        "num_attention_heads": card.vision.heads,
        "hidden_act": ACTIVATION_NAMES[card.vision.activation],
        "layer_norm_eps": card.vision.norm_eps,
        "patch_size": shapes.patch_px,
        "image_size": made_for_px,
    }


def _text_config(rule: TextRule, shape: TextShape) -> dict[str, Any]:
    return {
        "hidden_size": shape.width,
        "num_hidden_layers": shape.depth,
        "intermediate_size": shape.mlp,
        "vocab_size": shape.vocab,
        "num_attention_heads": rule.heads,
        "hidden_act": ACTIVATION_NAMES[rule.activation],
        "layer_norm_eps": rule.norm_eps,
        "max_position_embeddings": rule.context_length,
        "bos_token_id": max(rule.eos_id - 1, 0),
        "eos_token_id": rule.eos_id,
        "pad_token_id": rule.pad_id,
    }


def _preprocessor(rule: ImageRule, processor: str) -> dict[str, Any]:
    square = {"height": rule.size_px, "width": rule.size_px}
    crops = rule.resize == "shortest_edge"
    return {
        "image_processor_type": processor,
        "do_resize": True,
        "size": {"shortest_edge": rule.resize_px} if crops else square,
        "resample": 3 if rule.interpolation == "bicubic" else 2,
        "do_center_crop": crops,
        **({"crop_size": square} if crops else {}),
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": rule.mean,
        "image_std": rule.std,
    }


def _open_clip_vision(card: Card, shapes: Shapes) -> dict[str, Any]:
    size = TIMM_SIZES[shapes.vision.width]
    return {
        "image_size": card.image.size_px,
        "timm_model_name": f"vit_{size}_patch{shapes.patch_px}_siglip_{card.image.size_px}",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": "none",
    }


def _open_clip_text(rule: TextRule, shape: TextShape) -> dict[str, Any]:
    return {
        "context_length": rule.context_length,
        "vocab_size": shape.vocab,
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "width": shape.width,
        "heads": rule.heads,
        "layers": shape.depth,
        "mlp_ratio": shape.mlp / shape.width,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": rule.norm_eps},
    }


def _open_clip_preprocess(rule: ImageRule) -> dict[str, Any]:
    return {
        "mean": rule.mean,
        "std": rule.std,
        "interpolation": rule.interpolation,
        "resize_mode": "squash" if rule.resize == "squash" else "shortest",
    }


def _clip_tokenizer(rule: TextRule) -> tuple[Tokenizer, dict[str, str]]:
    """A token per byte, between CLIP's own two special tokens at their own ids."""
    start, end = ("<|startoftext|>", rule.eos_id - 1), ("<|endoftext|>", rule.eos_id)
    tokenizer = _byte_tokenizer(first_id=0, special=dict([start, end]))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start[0]} $A {end[0]}", special_tokens=[start, end]
    )
    return tokenizer, {"bos_token": start[0], "eos_token": end[0], "pad_token": end[0]}


def _t5_tokenizer() -> tuple[Tokenizer, dict[str, str]]:
    """A token per byte, ended by </s>, at the id that T5 gives it."""
    special = {"<pad>": 0, "</s>": 1, "<unk>": 2}
    tokenizer = _byte_tokenizer(first_id=len(special), special=special)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer, {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}


def _byte_tokenizer(first_id: int, special: dict[str, int]) -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {symbol: first_id + i for i, symbol in enumerate(alphabet)} | special
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return tokenizer

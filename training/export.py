"""Writing mini as a checkpoint folder that transformers, and Sightline, load as it is.

Knows nothing of training. Each file is replaced in one step, so a reader never sees half of one.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import CLIPModel

from training.augment import IMAGE_PX
from training.model import CONTEXT, MEAN, STD
from training.words import BOS, EOS

BICUBIC = 3  # Pillow's number
SHARED_KEYS = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "hidden_act")
SHARED_KEYS += ("layer_norm_eps",)
TEXT_KEYS = ("vocab_size", "max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id")
VISION_KEYS = ("image_size", "patch_size", "num_channels")


def _config(model: CLIPModel) -> dict[str, object]:
    """Every key that shapes the graph, and none that only repeats a default."""
    config, dim = model.config, model.config.projection_dim
    text = {key: getattr(config.text_config, key) for key in SHARED_KEYS + TEXT_KEYS}
    vision = {key: getattr(config.vision_config, key) for key in SHARED_KEYS + VISION_KEYS}
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "dtype": "float16",
        "projection_dim": dim,
        "text_config": {"model_type": "clip_text_model", **text, "projection_dim": dim},
        "vision_config": {"model_type": "clip_vision_model", **vision, "projection_dim": dim},
    }


def _preprocessor() -> dict[str, object]:
    """The whole picture, squashed to a square: cropping would cut the sleeves off."""
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": IMAGE_PX, "width": IMAGE_PX},
        "resample": BICUBIC,
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(MEAN),
        "image_std": list(STD),
    }


def _tokenizer_config() -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": EOS,
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
    }


def _replace(target: Path, text: str) -> None:
    partial = target.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)


def export(model: CLIPModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write model.safetensors (float16), config.json, tokenizer.json and preprocessor_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    partial = folder / "model.partial"
    save_file(weights, partial, metadata={"format": "pt"})
    partial.chmod(0o644)
    partial.replace(folder / "model.safetensors")
    _replace(folder / "config.json", json.dumps(_config(model), indent=2) + "\n")
    _replace(folder / "tokenizer.json", tokenizer.to_str(pretty=True))
    _replace(folder / "tokenizer_config.json", json.dumps(_tokenizer_config(), indent=2) + "\n")
    _replace(folder / "preprocessor_config.json", json.dumps(_preprocessor(), indent=2) + "\n")

"""A card for a checkpoint that has none, from its config files. Does not know tensors, and runs no code.

config.json and the two files of a processor are read as transformers writes them; a key left out takes the
default of the class that would read it there. Code that a config.json points to (auto_map) is never run.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sightline.domain.cards import Activation, Card, Depths, TextRule, VisionRule
from sightline.domain.errors import UnknownLayoutError
from sightline.models.config_section import Facts, Section, read_section
from sightline.models.open_clip_configs import open_clip_facts
from sightline.models.processors import image_rule

CONFIG = "config.json"
PREPROCESSOR = "preprocessor_config.json"
PROCESSOR = (
    "processor_config.json"  # transformers 5 puts the whole processor here, the picture's part in a key
)
OPEN_CLIP_CONFIG = "open_clip_config.json"
TOKENIZER = "tokenizer.json"

TRANSFORMERS_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")

LEGACY_EOS_ID = (
    2  # stood in CLIP's configs by mistake: https://github.com/huggingface/transformers/pull/24773
)
SIGLIP2_VOCAB = 256_000

ACTIVATIONS: Final[Mapping[str, Activation]] = {
    "quick_gelu": "quick_gelu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}


def card_from_folder(folder: Path, name: str) -> Card:
    """The card that a folder's config files amount to.

    config.json counts when transformers itself could read it: a model_type we know, and no code of its own.
    Otherwise open_clip_config.json does. `weights` is the first file of that library which is there.

    Raises UnknownLayoutError: no such config, or a model outside the family. BrokenFileError: a config with
    values that cannot be. MissingFileError: a config that cannot be read.
    """
    config = read_section(folder / CONFIG) if (folder / CONFIG).is_file() else None
    model_type = None if config is None or config.has("auto_map") else config.raw("model_type")
    if config is not None and isinstance(model_type, str) and model_type in FAMILIES:
        facts = FAMILIES[model_type](config, _image_processor(folder))
        return _card(folder, name, facts, TRANSFORMERS_WEIGHTS)
    if (folder / OPEN_CLIP_CONFIG).is_file():
        return _card(
            folder, name, open_clip_facts(read_section(folder / OPEN_CLIP_CONFIG)), OPEN_CLIP_WEIGHTS
        )
    raise UnknownLayoutError(_why_unknown(folder, config))


def weight_names(card: Card) -> tuple[str, ...]:
    """The names under which the library of that card would store its weights, the usual one first."""
    for names in (TRANSFORMERS_WEIGHTS, OPEN_CLIP_WEIGHTS):
        if card.weights in names:
            return names
    return (card.weights,)


def _image_processor(folder: Path) -> Section | None:
    """The newer file goes first, as in transformers, unless it is so old that it holds no picture's rule."""
    if (folder / PROCESSOR).is_file():
        processor = read_section(folder / PROCESSOR)
        if processor.has("image_processor"):
            return processor.section("image_processor")
    return read_section(folder / PREPROCESSOR) if (folder / PREPROCESSOR).is_file() else None


def _card(folder: Path, name: str, facts: Facts, weights: tuple[str, ...]) -> Card:
    present = [file for file in weights if (folder / file).is_file()]
    return Card(
        name=name,
        dim=facts.dim,
        image=facts.image,
        vision=facts.vision,
        text=facts.text,
        weights=present[0] if present else weights[0],
        tokenizer=TOKENIZER if facts.text else None,
        repo=None,
        revision=None,
        licence="not stated; ask whoever made the checkpoint",
        source=str(folder),
        about="",
        depths=facts.depths,
    )


def _why_unknown(folder: Path, config: Section | None) -> str:
    supported = f"supported are {CONFIG} with model_type {', '.join(FAMILIES)}, and {OPEN_CLIP_CONFIG}"
    if config is None:
        return f"{folder} holds neither {CONFIG} nor {OPEN_CLIP_CONFIG}; {supported}"
    if config.has("auto_map"):
        return f"{folder / CONFIG} needs code from its repository, which Sightline never runs; {supported}"
    return f"{folder / CONFIG} has model_type {config.raw('model_type')!r}; {supported}"


def _clip(config: Section, processor: Section | None) -> Facts:
    # configs older than 2023 hold the same keys twice; the *_dict ones win, as they do in transformers
    vision = _merged(config.section("vision_config"), config.section("vision_config_dict"))
    text = _merged(config.section("text_config"), config.section("text_config_dict"))
    eos_id = _token_id(text, "eos_token_id", 49407)
    if eos_id == LEGACY_EOS_ID:  # then the reference pools at the highest id, and that is the real eos
        eos_id = text.whole("vocab_size", 49408) - 1
    return Facts(
        dim=config.whole("projection_dim", 512),
        image=image_rule("clip", processor, vision.whole("image_size", 224)),
        vision=_vision_rule(vision, VisionRule(12, "quick_gelu", 1e-5, "cls")),
        text=TextRule(
            heads=text.whole("num_attention_heads", 8),
            activation=_activation(text, "quick_gelu"),
            norm_eps=text.number("layer_norm_eps", 1e-5),
            causal=True,
            pooling="eos",
            context_length=text.whole("max_position_embeddings", 77),
            pad_id=eos_id,  # what CLIP's tokenizer pads with; the config's pad_token_id is not used by it
            eos_id=eos_id,
            canonicalise=False,
        ),
        depths=Depths(_depth(vision), _depth(text)),
    )


def _siglip(config: Section, processor: Section | None) -> Facts:
    vision, text = config.section("vision_config"), config.section("text_config")
    if not vision.flag("vision_use_head", True):
        raise UnknownLayoutError(
            f"{vision.where}: a SigLIP vision tower without its pooling head has no vector"
        )
    if text.whole("vocab_size", 32000) == SIGLIP2_VOCAB:
        raise UnknownLayoutError(
            f"{text.where}: a vocabulary of {SIGLIP2_VOCAB} means SigLIP 2, whose text rules Sightline does "
            "not know; use a SigLIP checkpoint of the first generation"
        )
    pad_id = _token_id(text, "pad_token_id", 1)
    return Facts(
        dim=vision.whole("hidden_size", 768),
        image=image_rule("siglip", processor, vision.whole("image_size", 224)),
        vision=_vision_rule(vision, VisionRule(12, "gelu_tanh", 1e-6, "attention")),
        text=TextRule(
            heads=text.whole("num_attention_heads", 12),
            activation=_activation(text, "gelu_tanh"),
            norm_eps=text.number("layer_norm_eps", 1e-6),
            causal=False,
            pooling="last",
            context_length=text.whole("max_position_embeddings", 64),
            pad_id=pad_id,
            eos_id=pad_id,  # </s> is both; the config's eos_token_id is CLIP's, left over
            canonicalise=True,
        ),
        depths=Depths(_depth(vision), _depth(text)),
    )


def _dinov2(config: Section, processor: Section | None) -> Facts:
    if config.flag("use_swiglu_ffn", False):
        raise UnknownLayoutError(
            f"{config.where}: SwiGLU blocks (DINOv2 giant) are not supported; use the small, base or large"
        )
    return Facts(
        dim=config.whole("hidden_size", 768),
        image=image_rule("dinov2", processor, 224),
        vision=_vision_rule(config, VisionRule(12, "gelu", 1e-6, "cls")),
        text=None,
        depths=Depths(_depth(config)),
    )


FAMILIES: Final[Mapping[str, Callable[[Section, Section | None], Facts]]] = {
    "clip": _clip,
    "siglip": _siglip,
    "dinov2": _dinov2,
}


def _vision_rule(section: Section, default: VisionRule) -> VisionRule:
    return replace(
        default,
        heads=section.whole("num_attention_heads", default.heads),
        activation=_activation(section, default.activation),
        norm_eps=section.number("layer_norm_eps", default.norm_eps),
    )


def _depth(section: Section) -> int:
    return section.whole("num_hidden_layers", 12)


def _activation(section: Section, default: Activation) -> Activation:
    if not section.has("hidden_act"):
        return default
    name = section.string("hidden_act")
    if name not in ACTIVATIONS:
        raise UnknownLayoutError(f"{section.where}: hidden_act {name!r}; supported: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def _token_id(section: Section, key: str, default: int) -> int:
    value = section.raw(key)
    if isinstance(value, list) and value:  # transformers allows several; the first is the model's own
        return Section(section.where, {key: value[0]}).whole(key)
    return section.whole(key, default)


def _merged(section: Section, over: Section) -> Section:
    return Section(section.where, {**section.values, **over.values})

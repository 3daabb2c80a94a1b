import json
from pathlib import Path
from typing import Any

import pytest

from sightline.domain.cards import Activation, Card, ImageRule, VisionRule
from sightline.domain.errors import UnknownLayoutError
from sightline.models.configs import card_from_folder
from sightline.models.processors import CLIP_MEAN, CLIP_STD


def open_clip(path: Path, vision: dict[str, Any], text: dict[str, Any], **model: object) -> Card:
    config = {"model_cfg": {"embed_dim": 512, "vision_cfg": vision, "text_cfg": text, **model}}
    (path / "open_clip_config.json").write_text(json.dumps(config))
    return card_from_folder(path, "x")


def siglip_trunk(name: str, **more: object) -> dict[str, object]:
    return {"timm_model_name": name, "timm_pool": "map", "timm_proj": "none", **more}


SIGLIP_TEXT_CFG = {
    "context_length": 64,
    "vocab_size": 32000,
    "heads": 12,
    "no_causal_mask": True,
    "pool_type": "last",
}


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("vit_base_patch16_siglip_224", 12),
        ("vit_large_patch16_siglip_384", 16),
        ("vit_so400m_patch14_siglip_384", 16),
        ("vit_small_patch16_siglip_224", 6),
    ],
)
def test_the_heads_of_a_timm_trunk_follow_from_its_name(tmp_path: Path, name: str, heads: int) -> None:
    assert open_clip(tmp_path, siglip_trunk(name), SIGLIP_TEXT_CFG).vision.heads == heads


def test_a_trunk_of_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayoutError, match="how many heads"):
        open_clip(tmp_path, siglip_trunk("vit_giantopt_patch16_siglip_384"), SIGLIP_TEXT_CFG)


@pytest.mark.parametrize(
    ("quick", "kwargs", "activation"),
    [
        (True, {}, "quick_gelu"),
        (False, {}, "gelu"),
        (False, {"act_kwargs": {"approximate": "tanh"}}, "gelu_tanh"),
    ],
)
def test_the_activation_of_an_open_clip_model(
    tmp_path: Path, quick: bool, kwargs: dict[str, Any], activation: Activation
) -> None:
    card = open_clip(tmp_path, {"layers": 12, "width": 768, "patch_size": 32}, kwargs, quick_gelu=quick)
    assert card.text is not None
    assert card.text.activation == activation
    assert card.vision == VisionRule(12, "quick_gelu" if quick else "gelu", 1e-5, "cls")
    assert card.text.eos_id == 49407
    assert card.image == ImageRule(224, "shortest_edge", 224, "bicubic", CLIP_MEAN, CLIP_STD)


@pytest.mark.parametrize(
    ("vision", "text", "words"),
    [
        pytest.param({"layers": [3, 4, 6, 3]}, {}, "ResNet", id="resnet"),
        pytest.param({"layers": 12, "attentional_pool": True}, {}, "attentional_pool", id="attention pool"),
        pytest.param({"layers": 12, "pool_type": "avg"}, {}, "pool_type", id="mean"),
        pytest.param(
            siglip_trunk("vit_base_patch16_siglip_224", timm_proj="linear"), {}, "timm_proj", id="proj"
        ),
        pytest.param(
            {"layers": 12}, {"hf_model_name": "roberta-base"}, "transformers", id="text of transformers"
        ),
        pytest.param({"layers": 12}, {"pool_type": "last"}, "pool_type 'last'", id="causal, last"),
        pytest.param(
            {"layers": 12}, {**SIGLIP_TEXT_CFG, "vocab_size": 256000}, "first generation", id="siglip 2"
        ),
    ],
)
def test_an_open_clip_tower_outside_the_family_is_refused(
    tmp_path: Path, vision: dict[str, Any], text: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnknownLayoutError, match=words):
        open_clip(tmp_path, vision, text)


def test_a_config_that_needs_remote_code_gives_way_to_that_of_open_clip(tmp_path: Path) -> None:
    """As in Marqo/marqo-fashionSigLIP, which holds both."""
    config = {"model_type": "siglip", "auto_map": {"AutoModel": "x.Y"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    card = open_clip(tmp_path, siglip_trunk("vit_base_patch16_siglip_224"), SIGLIP_TEXT_CFG)
    assert card.weights == "open_clip_model.safetensors"

import json
from pathlib import Path

import pytest

from sightline.domain.cards import Card, Depths, ImageRule, TextRule, VisionRule
from sightline.domain.errors import BrokenFileError, UnknownLayoutError
from sightline.models.configs import card_from_folder, weight_names
from sightline.models.processors import CLIP_MEAN, CLIP_STD, HALF, IMAGENET_MEAN, IMAGENET_STD

GOLDEN = Path(__file__).parents[1] / "golden"

CLIP_IMAGE = ImageRule(224, "shortest_edge", 224, "bicubic", CLIP_MEAN, CLIP_STD)
SIGLIP_IMAGE = ImageRule(224, "squash", 224, "bicubic", HALF, HALF)
DINOV2_IMAGE = ImageRule(224, "shortest_edge", 256, "bicubic", IMAGENET_MEAN, IMAGENET_STD)
SIGLIP_TEXT = TextRule(2, "gelu_tanh", 1e-6, False, "last", 64, 1, 1, True)


def folder(path: Path, **files: object) -> Path:
    """Writes each keyword as the JSON file of that name."""
    for name, document in files.items():
        (path / f"{name}.json").write_text(json.dumps(document))
    return path


def clip(path: Path, *, processor: object = None, **config: object) -> Card:
    files: dict[str, object] = {"config": {"model_type": "clip", **config}}
    if processor is not None:
        files["preprocessor_config"] = processor
    return card_from_folder(folder(path, **files), "x")


@pytest.mark.parametrize(
    ("name", "dim", "image", "vision", "text"),
    [
        (
            "clip",
            32,
            CLIP_IMAGE,
            VisionRule(2, "quick_gelu", 1e-5, "cls"),
            TextRule(2, "quick_gelu", 1e-5, True, "eos", 77, 999, 999, False),
        ),
        (
            "clip_gelu",
            32,
            CLIP_IMAGE,
            VisionRule(2, "gelu", 1e-5, "cls"),
            TextRule(2, "gelu", 1e-5, True, "eos", 77, 999, 999, False),
        ),
        ("siglip", 64, SIGLIP_IMAGE, VisionRule(2, "gelu_tanh", 1e-6, "attention"), SIGLIP_TEXT),
        (
            "siglip_open_clip",
            64,
            SIGLIP_IMAGE,
            VisionRule(2, "gelu", 1e-6, "attention"),
            TextRule(2, "gelu", 1e-6, False, "last", 64, 1, 1, True),
        ),
        ("dinov2", 64, DINOV2_IMAGE, VisionRule(2, "gelu", 1e-6, "cls"), None),
    ],
)
def test_the_config_of_each_reference_checkpoint_gives_its_card(
    name: str, dim: int, image: ImageRule, vision: VisionRule, text: TextRule | None
) -> None:
    card = card_from_folder(GOLDEN / name, name)
    assert (card.dim, card.image, card.vision, card.text) == (dim, image, vision, text)
    assert (GOLDEN / name / card.weights).is_file()


def test_keys_left_out_take_the_defaults_of_transformers(tmp_path: Path) -> None:
    card = clip(tmp_path, text_config=None, vision_config={})
    assert card.dim == 512
    assert card.vision == VisionRule(12, "quick_gelu", 1e-5, "cls")
    assert card.text == TextRule(8, "quick_gelu", 1e-5, True, "eos", 77, 49407, 49407, False)


def test_the_eos_id_2_of_old_clip_configs_means_the_highest_id(tmp_path: Path) -> None:
    card = clip(tmp_path, text_config={"eos_token_id": 2, "vocab_size": 49408})
    assert card.text is not None
    assert card.text.eos_id == 49407


def test_the_doubled_sections_of_old_clip_configs_win(tmp_path: Path) -> None:
    card = clip(
        tmp_path,
        text_config={"num_attention_heads": 8},
        text_config_dict={"num_attention_heads": 12},
        vision_config_dict={"num_attention_heads": 16},
    )
    assert card.text is not None
    assert (card.text.heads, card.vision.heads) == (12, 16)


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        pytest.param(
            {"size": 224, "crop_size": 224, "do_center_crop": True}, (224, "shortest_edge", 224), id="int"
        ),
        pytest.param(
            {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}},
            (224, "shortest_edge", 256),
            id="resized more than cut",
        ),
        pytest.param(
            {"size": {"height": 128, "width": 128}, "do_center_crop": False},
            (128, "squash", 128),
            id="square",
        ),
        pytest.param(
            {"size": {"height": 96, "width": 96}, "crop_size": 96}, (96, "squash", 96), id="crop of all"
        ),
        pytest.param({}, (224, "shortest_edge", 224), id="nothing stated"),
    ],
)
def test_each_form_of_a_size_is_understood(
    tmp_path: Path, processor: dict[str, object], expected: tuple[int, str, int]
) -> None:
    image = clip(tmp_path, processor=processor).image
    assert (image.size_px, image.resize, image.resize_px) == expected


def test_resampling_mean_and_std_are_taken_from_the_processor(tmp_path: Path) -> None:
    image = clip(tmp_path, processor={"resample": 2, "image_mean": [0, 0.5, 1], "image_std": [1, 1, 2]}).image
    assert (image.interpolation, image.mean, image.std) == ("bilinear", (0.0, 0.5, 1.0), (1.0, 1.0, 2.0))


def test_without_normalising_mean_is_0_and_std_is_1(tmp_path: Path) -> None:
    image = clip(tmp_path, processor={"do_normalize": False}).image
    assert (image.mean, image.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("processor", "words"),
    [
        pytest.param({"resample": 1}, "resample 1; supported: 2 bilinear, 3 bicubic", id="lanczos"),
        pytest.param({"rescale_factor": 1.0}, "supported: 1/255", id="other scale"),
        pytest.param({"do_resize": False}, "do_resize", id="any size"),
        pytest.param({"do_rescale": False}, "do_rescale", id="no scale"),
        pytest.param({"size": {"shortest_edge": 224}, "do_center_crop": False}, "no square", id="no crop"),
        pytest.param({"size": {"shortest_edge": 200}, "crop_size": 224}, "no square", id="crop beyond"),
        pytest.param(
            {"size": {"height": 256, "width": 256}, "crop_size": 224}, "no square", id="square, then cut"
        ),
    ],
)
def test_preprocessing_that_sightline_has_no_arithmetic_for_is_refused(
    tmp_path: Path, processor: dict[str, object], words: str
) -> None:
    with pytest.raises(UnknownLayoutError, match=words):
        clip(tmp_path, processor=processor)


@pytest.mark.parametrize(
    ("processor", "words"),
    [
        pytest.param({"size": "large"}, "size is 'large'", id="text"),
        pytest.param({"resample": [3]}, "resample", id="list"),
        pytest.param({"size": {"height": 100, "width": 200}}, "100 x 200", id="oblong"),
        pytest.param({"image_mean": [0.5]}, "three numbers", id="one mean"),
        pytest.param({"size": {"shortest_edge": -1}}, "above 0", id="negative"),
        pytest.param({"image_std": [0.5, 0, 0.5]}, "image_std", id="std of 0"),
        pytest.param({"image_mean": [float("nan"), 0, 0]}, "valid JSON", id="NaN, which is no JSON"),
        pytest.param({"image_mean": [10**400, 0, 0]}, "three numbers", id="beyond any float"),
    ],
)
def test_values_that_cannot_be_are_refused_with_the_key(
    tmp_path: Path, processor: dict[str, object], words: str
) -> None:
    with pytest.raises(BrokenFileError, match=words):
        clip(tmp_path, processor=processor)


def test_an_unknown_activation_is_refused_with_those_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayoutError, match=r"'relu'; supported: quick_gelu, gelu"):
        clip(tmp_path, vision_config={"hidden_act": "relu"})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param(
            {"model_type": "blip"}, "'blip'; supported are .* clip, siglip, dinov2", id="other model"
        ),
        pytest.param({"architecture": "resnet50"}, "model_type None", id="timm's config"),
        pytest.param(
            {"model_type": "clip", "auto_map": {"AutoModel": "x.Y"}}, "never runs", id="remote code"
        ),
        pytest.param({"model_type": "dinov2", "use_swiglu_ffn": True}, "SwiGLU", id="giant"),
        pytest.param(
            {"model_type": "siglip", "text_config": {"vocab_size": 256000}}, "SigLIP 2", id="siglip 2"
        ),
        pytest.param(
            {"model_type": "siglip", "vision_config": {"vision_use_head": False}}, "head", id="no head"
        ),
    ],
)
def test_a_model_outside_the_family_is_refused(tmp_path: Path, config: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownLayoutError, match=words):
        card_from_folder(folder(tmp_path, config=config), "x")


def test_a_folder_without_a_config_is_refused_with_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayoutError, match=r"neither config\.json nor open_clip_config\.json"):
        card_from_folder(tmp_path, "x")


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff\xfe", "[" * 100_000])
def test_a_config_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text, encoding="latin-1")
    with pytest.raises(BrokenFileError, match=r"config\.json"):
        card_from_folder(tmp_path, "x")


def test_weights_are_the_first_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text("{}")
    card = clip(tmp_path)
    assert card.weights == "model.safetensors.index.json"
    assert weight_names(card) == ("model.safetensors", "model.safetensors.index.json")


@pytest.mark.parametrize("eps", ["-1e-5", "1e999", "Infinity", "NaN", "1" + "0" * 400])
def test_an_epsilon_that_is_no_small_number_is_refused(tmp_path: Path, eps: str) -> None:
    text = '{"model_type": "clip", "vision_config": {"layer_norm_eps": EPS}}'
    (tmp_path / "config.json").write_text(text.replace("EPS", eps))
    with pytest.raises(BrokenFileError, match=r"config\.json"):
        card_from_folder(tmp_path, "x")


def test_depths_are_taken_from_the_config_with_the_defaults_of_transformers(tmp_path: Path) -> None:
    card = clip(tmp_path, vision_config={"num_hidden_layers": 24})
    assert card.depths == Depths(vision=24, text=12)


def test_the_processor_file_of_transformers_5_is_read_too(tmp_path: Path) -> None:
    """Since version 5 its processors are saved in one file, the picture's rule under a key."""
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    image_processor = {"size": {"shortest_edge": 256}, "crop_size": 240, "image_mean": [0, 0.5, 1]}
    both = {"processor_class": "CLIPProcessor", "image_processor": image_processor}
    (tmp_path / "processor_config.json").write_text(json.dumps(both))
    image = card_from_folder(tmp_path, "x").image
    assert (image.size_px, image.resize_px, image.mean) == (240, 256, (0.0, 0.5, 1.0))


@pytest.mark.parametrize(
    ("newer", "size_px"),
    [({"image_processor": {"size": 96, "crop_size": 96}}, 96), ({"processor_class": "x"}, 128)],
)
def test_the_newer_processor_file_goes_first_where_it_holds_the_rule(
    tmp_path: Path, newer: object, size_px: int
) -> None:
    (tmp_path / "processor_config.json").write_text(json.dumps(newer))
    assert clip(tmp_path, processor={"crop_size": 128, "size": 128}).image.size_px == size_px

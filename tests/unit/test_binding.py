"""Tensor names to the family's towers, and what is said when they do not fit."""

from dataclasses import replace

import pytest

from sightline.domain.errors import BrokenFileError, MissingTensorError, TensorShapeError, UnknownLayoutError
from sightline.models.binding import bind
from tests.reference import FOLDERS, reference

EVERY_TENSOR = [(folder, name) for folder in FOLDERS for name in sorted(reference(folder).tensors)]
NOT_NEEDED = ("logit_scale", "logit_bias", "mask_token")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("prefix", ["", "model.", "module.backbone."])
def test_layout_is_recognised_behind_any_prefix(folder, prefix):
    golden = reference(folder)
    vision, text = bind(golden.card, {prefix + name: tensor for name, tensor in golden.tensors.items()})
    assert (vision, text) == bind(golden.card, golden.tensors)


@pytest.mark.parametrize(("folder", "name"), EVERY_TENSOR)
def test_each_tensor_that_is_taken_away_is_named(folder, name):
    """A vector computed without it would be wrong and look right."""
    golden = reference(folder)
    rest = {other: tensor for other, tensor in golden.tensors.items() if other != name}
    if name.endswith(NOT_NEEDED):
        bind(golden.card, rest)
        return
    with pytest.raises(MissingTensorError, match=name.replace(".", r"\.")):
        bind(golden.card, rest)


@pytest.mark.parametrize(("folder", "name"), EVERY_TENSOR)
def test_each_tensor_of_a_wrong_shape_is_named_with_both_shapes(folder, name):
    golden = reference(folder)
    if name.endswith(NOT_NEEDED):
        return
    tensor = golden.tensors[name]
    wrong = replace(tensor, shape=(7, 5, *tensor.shape))
    with pytest.raises(TensorShapeError) as caught:
        bind(golden.card, golden.tensors | {name: wrong})
    assert name in str(caught.value)
    assert "7x5" in str(caught.value)


def test_tensors_that_the_layout_does_not_know_are_refused():
    """Register tokens, say: leaving them out of the arithmetic would go unnoticed."""
    golden = reference("dinov2")
    more = golden.tensors | {"embeddings.register_tokens": golden.tensors["embeddings.cls_token"]}
    with pytest.raises(UnknownLayoutError, match="register_tokens"):
        bind(golden.card, more)


def test_unknown_layout_says_what_the_file_holds_and_what_is_known():
    tensor = reference("clip").tensors["visual_projection.weight"]
    with pytest.raises(UnknownLayoutError) as caught:
        bind(reference("clip").card, {"resnet.conv1.weight": tensor})
    assert "resnet.conv1.weight" in str(caught.value)
    assert "transformers CLIP" in str(caught.value)
    assert "model.safetensors" in str(caught.value)


def test_dim_that_the_card_does_not_promise_is_refused():
    golden = reference("clip")
    with pytest.raises(TensorShapeError, match="32"):
        bind(replace(golden.card, dim=512), golden.tensors)


def test_fused_projections_are_cut_by_offset():
    golden = reference("siglip_open_clip")
    vision, _ = bind(golden.card, golden.tensors)
    whole = golden.tensors["visual.trunk.blocks.0.attn.qkv.weight"]
    attention = vision.blocks[0].attention
    assert attention.query.weight.offset == whole.offset
    assert attention.key.weight.offset == whole.offset + whole.length // 3
    assert attention.value.weight.offset == whole.offset + 2 * whole.length // 3
    assert attention.value.weight.length == whole.length // 3


def test_half_of_a_block_missing_in_the_middle_is_found():
    golden = reference("clip")
    rest = {name: t for name, t in golden.tensors.items() if "vision_model.encoder.layers.0." not in name}
    with pytest.raises(MissingTensorError, match=r"layers\.0"):
        bind(golden.card, rest)


@pytest.mark.parametrize("dtype", ["F64", "I64", "I8", "U8", "BOOL", "F8_E4M3"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_each_tensor_of_a_type_that_is_no_weight_is_named_with_what_is_needed(folder, dtype):
    golden = reference(folder)
    for name, tensor in golden.tensors.items():
        if name.endswith(NOT_NEEDED):
            continue
        with pytest.raises(BrokenFileError) as caught:
            bind(golden.card, golden.tensors | {name: replace(tensor, dtype=dtype)})
        assert all(words in str(caught.value) for words in (name, dtype, "F32, F16 or BF16"))


@pytest.mark.parametrize(
    ("folder", "tower"), [(folder, "vision") for folder in FOLDERS[:3]] + [("clip", "text")]
)
def test_last_layers_that_are_missing_or_too_many_are_found_by_the_config(folder, tower):
    """Every tensor that is there fits: only the config knows how many blocks are to be computed."""
    golden = reference(folder)
    layers = [name for name in golden.tensors if name.startswith(tower) and "layers.1." in name]
    fewer = {name: tensor for name, tensor in golden.tensors.items() if name not in layers}
    more = golden.tensors | {name.replace("layers.1.", "layers.2."): golden.tensors[name] for name in layers}
    for tensors, found in ((fewer, "1 layers"), (more, "3 layers")):
        with pytest.raises(TensorShapeError) as caught:
            bind(golden.card, tensors)
        assert all(words in str(caught.value) for words in (found, tower, "says 2"))


def test_heads_that_do_not_divide_the_width_are_refused_before_anything_is_computed():
    golden = reference("clip")
    with pytest.raises(TensorShapeError, match=r"64.*3 heads"):
        bind(replace(golden.card, vision=replace(golden.card.vision, heads=3)), golden.tensors)
    with pytest.raises(TensorShapeError, match=r"48.*5 heads"):
        bind(replace(golden.card, text=replace(golden.card.text, heads=5)), golden.tensors)


def test_a_file_without_tensors_is_told_apart_from_an_unknown_layout():
    with pytest.raises(UnknownLayoutError, match="hold no tensors"):
        bind(reference("clip").card, {})


@pytest.mark.parametrize("size_px", [16, 10**9])
def test_pictures_smaller_than_a_patch_or_larger_than_any_model_takes_are_refused(size_px):
    """Found at the first picture, it would be an error of the runtime, or of memory."""
    golden = reference("clip")
    with pytest.raises(TensorShapeError, match=f"{size_px} px"):
        bind(replace(golden.card, image=replace(golden.card.image, size_px=size_px)), golden.tensors)

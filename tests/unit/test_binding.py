"""Tensor names to the family's towers, and what is said when they do not fit."""

from dataclasses import replace

import pytest

from sightline.domain.errors import MissingTensorError, TensorShapeError, UnknownLayoutError
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

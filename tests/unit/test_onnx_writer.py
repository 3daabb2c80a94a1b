"""The written bytes are ONNX, as ONNX's own library reads and checks them."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.models.onnx_writer import FLOAT, OnnxWriter, Tensor
from sightline.models.protobuf import message
from tests.reference import FOLDERS, WITH_TEXT, reference


@pytest.mark.parametrize("folder", FOLDERS)
def test_picture_graph_passes_the_checker(folder):
    graph = reference(folder).graphs().of_images()
    onnx.checker.check_model(onnx.load_from_string(graph.open_onnx), full_check=True)


@pytest.mark.parametrize("folder", WITH_TEXT)
def test_text_graph_passes_the_checker(folder):
    graph = reference(folder).graphs().of_texts()
    onnx.checker.check_model(onnx.load_from_string(graph.open_onnx), full_check=True)


def test_weights_stand_in_the_graph_by_place_and_size():
    golden = reference("clip")
    model = onnx.load_from_string(golden.graphs().of_images().onnx)
    tensor = golden.tensors["visual_projection.weight"]
    name = f"model.safetensors@{tensor.offset}"
    initializer = next(i for i in model.graph.initializer if i.name == name)
    facts = {entry.key: entry.value for entry in initializer.external_data}
    assert initializer.data_location == onnx.TensorProto.EXTERNAL
    assert facts == {
        "location": str(tensor.path),
        "offset": str(tensor.offset),
        "length": str(tensor.length),
    }
    assert tuple(initializer.dims) == tensor.shape


def test_graph_is_small_whatever_the_weights():
    assert len(reference("clip").graphs().of_images().onnx) < 100_000


def test_equal_constants_are_kept_once():
    writer = OnnxWriter()
    assert writer.floats(1.5) == writer.floats(1.5) != writer.floats(2.5)
    writer.node("Add", "x", writer.floats(1.5))
    graph = writer.finish("g", 1, Tensor("x", FLOAT, ("N", 1)), {"y": "Add_0"})
    model = onnx.load_from_string(graph.onnx)
    assert [onnx.numpy_helper.to_array(i).item() for i in model.graph.initializer] == [1.5, 2.5]


attributes = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=32, allow_nan=False),
    st.text(min_size=1),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
)


@given(attributes)
def test_attribute_of_any_kind_is_read_back_as_it_was(value):
    writer = OnnxWriter()
    writer.node("Anything", "x", it=value)
    graph = writer.finish("g", 1, Tensor("x", FLOAT, ("N", 1)), {"y": "Anything_0"})
    read = onnx.helper.get_attribute_value(onnx.load_from_string(graph.onnx).graph.node[0].attribute[0])
    assert (read.decode() if isinstance(read, bytes) else read) == value


@given(st.integers(-(2**63), 2**63 - 1), st.text(), st.binary(max_size=300))
def test_message_is_what_protobuf_reads(number, text, data):
    """TensorProto has a field of each kind: dims, name, raw_data."""
    proto = onnx.TensorProto.FromString(message((1, number), (8, text), (9, data)))
    assert (list(proto.dims), proto.name, proto.raw_data) == ([number], text, data)


def test_constant_of_another_byte_order_is_written_little_endian():
    writer = OnnxWriter()
    writer.node("Identity", writer.constant(np.array([1.5, -2], dtype=np.float32)))
    graph = writer.finish("g", 1, Tensor("x", FLOAT, ("N",)), {"y": "Identity_0"})
    raw = onnx.load_from_string(graph.onnx).graph.initializer[0].raw_data
    assert raw == np.array([1.5, -2], dtype="<f4").tobytes()

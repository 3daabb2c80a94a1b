import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save, save_file

from sightline.domain.errors import BrokenFileError, MissingFileError, ModelError
from sightline.models.tensors import MAX_HEADER_BYTES, load, read_tensors, shard_names


def write(path: Path, header: object, data: bytes = b"") -> Path:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(begin: int, end: int, shape: list[int] | None = None, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape or [(end - begin) // 4], "data_offsets": [begin, end]}


def test_tensors_are_found_where_the_reference_library_wrote_them(tmp_path: Path) -> None:
    wanted: dict[str, NDArray[Any]] = {
        "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
        "halves": np.array([1.5, -2.0], dtype=np.float16),
        "scalar": np.array(7, dtype=np.float32),
        "empty": np.zeros((0, 5), dtype=np.float32),
        "ids": np.array([[1, 2]], dtype=np.int64),
    }
    save_file(wanted, tmp_path / "m.safetensors", metadata={"format": "pt"})
    found = read_tensors(tmp_path / "m.safetensors")
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name].shape == values.shape
        np.testing.assert_array_equal(load(found[name]), values)


def test_bfloat16_is_read_as_float32(tmp_path: Path) -> None:
    bits = b"".join(struct.pack("<f", value)[2:] for value in (1.0, -2.5, 0.15625))
    path = write(tmp_path / "m.safetensors", {"t": entry(0, 6, [3], "BF16")}, bits)
    values = load(read_tensors(path)["t"])
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [1.0, -2.5, 0.15625])


def test_a_link_is_followed_to_the_real_file_because_runtimes_refuse_links(tmp_path: Path) -> None:
    save_file({"t": np.ones(2, np.float32)}, tmp_path / "blob")
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "blob")
    assert read_tensors(tmp_path / "link.safetensors")["t"].path == (tmp_path / "blob").resolve()


def test_a_truncated_file_is_refused_with_both_lengths(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    whole = save({"t": np.ones(100, np.float32)})
    path.write_bytes(whole[:-40])
    with pytest.raises(BrokenFileError, match=f"{len(whole)} bytes.*{len(whole) - 40}"):
        read_tensors(path)


def test_bytes_after_the_last_tensor_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(save({"t": np.ones(4, np.float32)}) + b"x")
    with pytest.raises(BrokenFileError, match="fetch it again"):
        read_tensors(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"absent\.safetensors"):
        read_tensors(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        pytest.param({"t": entry(0, 8, [3])}, bytes(8), "needs 12 bytes", id="shape and offsets differ"),
        pytest.param({"t": entry(8, 0, [2])}, bytes(8), "offsets give -8", id="end before begin"),
        pytest.param({"t": entry(0, 8, [2], "F7")}, bytes(8), "dtype 'F7'", id="unknown dtype"),
        pytest.param({"t": entry(0, 8, [-2])}, bytes(8), r"shape \[-2\]", id="negative size"),
        pytest.param({"t": entry(0, 4, [True])}, bytes(4), r"shape \[True\]", id="a truth for a size"),
        pytest.param({"t": entry(0, 8), "u": entry(4, 12)}, bytes(12), "overlaps", id="overlap"),
        pytest.param({"t": entry(4, 8)}, bytes(8), "gap", id="gap"),
        pytest.param({"t": 3}, b"", "no description", id="no object"),
        pytest.param([1, 2], b"", "no object", id="header is a list"),
        pytest.param(
            b'{"t": {"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},'
            b' "t": {"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}',
            bytes(8),
            "'t' stands twice",
            id="a name that stands twice",
        ),
        pytest.param(b"{not json", b"", "JSON", id="header is no JSON"),
        pytest.param(b"[" * 100_000, b"", "JSON", id="header is nested without end"),
        pytest.param(b'{"t": ' + b"9" * 5000 + b"}", b"", "number", id="a number of 5000 digits"),
    ],
)
def test_a_header_that_cannot_be_right_is_refused(
    tmp_path: Path, header: object, data: bytes, words: str
) -> None:
    with pytest.raises(BrokenFileError, match=words):
        read_tensors(write(tmp_path / "m.safetensors", header, data))


def test_a_header_longer_than_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes((MAX_HEADER_BYTES + 1).to_bytes(8, "little") + bytes(100))
    with pytest.raises(BrokenFileError, match=str(MAX_HEADER_BYTES)):
        read_tensors(path)


def shards(folder: Path, weight_map: dict[str, str]) -> Path:
    save_file({"a": np.ones(1, np.float32)}, folder / "one.safetensors")
    save_file({"b": np.full(2, 2, np.float32)}, folder / "two.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return index


def test_shards_are_one_checkpoint(tmp_path: Path) -> None:
    index = shards(tmp_path, {"a": "one.safetensors", "b": "two.safetensors"})
    found = read_tensors(index)
    assert shard_names(index) == ["one.safetensors", "two.safetensors"]
    np.testing.assert_array_equal(load(found["b"]), [2, 2])
    assert found["a"].path.name == "one.safetensors"


def test_an_index_that_promises_a_tensor_its_shard_lacks_is_refused(tmp_path: Path) -> None:
    index = shards(tmp_path, {"a": "one.safetensors", "c": "two.safetensors"})
    with pytest.raises(BrokenFileError, match="'c' is not in two"):
        read_tensors(index)


@pytest.mark.parametrize("shard", ["../one.safetensors", "/etc/x.safetensors", "pytorch_model.bin", 7])
def test_a_shard_outside_the_folder_or_of_another_kind_is_refused(tmp_path: Path, shard: str) -> None:
    with pytest.raises(BrokenFileError, match="same folder"):
        read_tensors(shards(tmp_path, {"a": shard}))


GOOD = save({"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2, np.float16)})


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.safetensors"
    path.write_bytes(text)
    with pytest.raises(ModelError):
        read_tensors(path)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_mutated_file_reads_inside_itself_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    mutated = bytearray(GOOD)
    for at, byte in changes:
        mutated[at] = byte
    path = tmp_path_factory.getbasetemp() / "mutated.safetensors"
    path.write_bytes(mutated)
    try:
        found = read_tensors(path)
        for tensor in found.values():
            assert tensor.offset + tensor.length <= len(GOOD)
            load(tensor)
    except ModelError:
        pass


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_as_header_raises_nothing_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, header: object
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "json.safetensors", {"t": header}, bytes(4))
    with pytest.raises(ModelError):
        read_tensors(path)


def test_a_git_lfs_pointer_is_recognised_because_clones_are_full_of_them(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 605156676\n")
    with pytest.raises(BrokenFileError, match="git lfs pull"):
        read_tensors(path)

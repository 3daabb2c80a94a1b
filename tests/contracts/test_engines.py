"""What every engine promises, over all of them. A new engine is one line in ENGINES."""

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from sightline.domain.errors import EngineError, ForwardError
from sightline.engines.fake import FakeEngine
from sightline.engines.onnx import OnnxEngine
from sightline.engines.openvino import OpenVinoEngine
from sightline.models.tensors import load, read_tensors
from tests.reference import cosines, reference, weights_path

# the second value: how near a picture's vector alone must be to its vector in a batch
ENGINES = {
    "fake": (FakeEngine, 1.0),
    "onnx": (OnnxEngine, 0.999999),
    "openvino-f32": (lambda: OpenVinoEngine("f32"), 0.999999),
    "openvino-bf16": (lambda: OpenVinoEngine("bf16"), 0.9999),
}
SIZES = (1, 2, 3, 8, 17)


@pytest.fixture(params=ENGINES, scope="module")
def engine(request):
    make, same = ENGINES[request.param]
    return make(), same


@pytest.fixture(scope="module")
def program(engine):
    return engine[0].compile(reference("clip").graphs().of_images())


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (max(SIZES), 224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_batch_of_n_gives_n_finite_unit_vectors(program, images, size):
    vectors = program.run(images[:size])
    assert vectors.shape == (size, 32)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() <= 5e-3  # bf16 is rescaled by services/model


def test_vector_does_not_depend_on_its_batch_mates(engine, program, images):
    together = program.run(images)
    alone = np.concatenate([program.run(image[np.newaxis]) for image in images])
    assert cosines(together, alone).min() >= engine[1] - 1e-6


def test_order_is_kept(engine, program, images):
    order = np.random.default_rng(2).permutation(len(images))
    shuffled = program.run(np.ascontiguousarray(images[order]))
    assert cosines(shuffled, program.run(images)[order]).min() >= engine[1] - 1e-6


def test_different_pictures_get_different_vectors(program, images):
    vectors = program.run(images[:3])
    assert cosines(vectors[:1], vectors[1:2]).max() < 0.99999


def test_result_stays_as_it_was_when_the_program_runs_again(program, images):
    first = program.run(images[:2])
    kept = first.copy()
    program.run(images[2:4])
    assert np.array_equal(first, kept)


def test_batch_may_be_read_only_and_scattered_in_memory(engine, program, images):
    scattered = images[:6:2]
    scattered.flags.writeable = False
    expected = program.run(np.ascontiguousarray(images[:6:2]))
    assert cosines(program.run(scattered), expected).min() >= engine[1] - 1e-6
    assert (
        cosines(program.run(np.asfortranarray(images[:2])), program.run(images[:2])).min() >= engine[1] - 1e-6
    )


def test_same_program_may_be_called_from_several_threads(program, images):
    expected = program.run(images[:4])
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: program.run(images[:4]), range(12)):
            assert cosines(vectors, expected).min() >= 0.9999


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "fake"], indirect=True)
def test_wrong_shape_is_a_forward_error(engine, program):
    with pytest.raises(ForwardError):
        program.run(np.zeros((1, 10, 10, 3), dtype=np.uint8))


def test_checkpoint_behind_symlinks_loads(engine, images, tmp_path):
    """Hub caches keep links into a blob store; both runtimes refuse to follow them by themselves."""
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "blob").write_bytes(weights_path("clip").read_bytes())
    link = tmp_path / "snapshot" / "model.safetensors"
    link.symlink_to("../blob")
    golden = replace(reference("clip"), tensors=read_tensors(link))
    vectors = engine[0].compile(golden.graphs().of_images()).run(images[:1])
    assert vectors.shape == (1, 32)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_checkpoint_in_half_precision_loads(engine, dtype, tmp_path):
    golden = reference("clip")
    half = _in_half_precision(golden, tmp_path / "model.safetensors", dtype)
    vectors = engine[0].compile(half.graphs().of_pixels()).run(golden.pixels)
    if engine[0].name != "fake":
        assert cosines(vectors, golden.outputs["image_embeds"]).min() >= 0.999


def _in_half_precision(golden, path, dtype):
    numpy_dtype = np.float16 if dtype == "F16" else ml_dtypes.bfloat16
    save_file({name: load(tensor).astype(numpy_dtype) for name, tensor in golden.tensors.items()}, path)
    return replace(golden, tensors=read_tensors(path))


def test_onnx_that_cannot_use_cuda_does_not_go_on_without_it():
    """ONNX Runtime itself warns and computes on the CPU."""
    engine = OnnxEngine()
    engine.device = "cuda"
    with pytest.raises(EngineError, match="CUDA"), pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        engine.compile(reference("clip").graphs().of_images())


def open_checkpoints():
    links = []
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the listing's own
            links.append(path.readlink().name)
    return sum(link.endswith(".safetensors") for link in links)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere open files are not listed")
@pytest.mark.parametrize("name", [name for name in ENGINES if name != "fake"])
def test_a_checkpoint_is_held_open_once_not_once_for_each_tensor(name):
    """So400M has nine hundred tensors, and many systems allow a thousand open files."""
    before = open_checkpoints()
    program = ENGINES[name][0]().compile(reference("clip").graphs().of_images())
    assert open_checkpoints() - before <= 1
    del program

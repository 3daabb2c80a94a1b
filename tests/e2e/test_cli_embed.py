import json
import signal

import duckdb
import numpy as np
import pytest

from sightline.models.synthesize import synthesize
from sightline.services.model import BATCH
from tests.e2e.terminal import sightline, started
from tests.fakes import png

DIM = 128


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a small checkpoint, two good pictures and two bad ones."""
    folder = tmp_path_factory.mktemp("place")
    synthesize("mini", folder / "model", layers=1)
    (folder / "photos" / "more").mkdir(parents=True)
    (folder / "photos" / "a.png").write_bytes(png(1))
    (folder / "photos" / "more" / "b.png").write_bytes(png(2))
    (folder / "good").mkdir()
    (folder / "good" / "a.png").write_bytes(png(1))
    (folder / "photos" / "cut.png").write_bytes(png(3)[:200])
    (folder / "photos" / "empty.jpg").touch()
    return folder


def embed(place, *arguments, stdin=b""):
    return sightline(["embed", *arguments, "--model", "model", "--engine", "fake"], place, stdin=stdin)


@pytest.mark.parametrize("ending", ["npy", "parquet", "jsonl"])
def test_good_pictures_are_embedded_bad_ones_named_and_the_exit_code_is_3(place, ending):
    done = embed(place, "photos", "--out", f"x.{ending}", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["embedded"] == 2
    assert {failure["id"]: failure["code"] for failure in report["failed"]} == {
        "photos/cut.png": "broken_image",
        "photos/empty.jpg": "empty_image",
    }
    assert b"failed: photos/cut.png: " in done.stderr
    ids, vectors = _read(place / f"x.{ending}")
    assert ids == ["photos/a.png", "photos/more/b.png"]
    assert vectors.shape == (2, DIM)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_all_good_is_exit_code_0_with_nothing_on_stdout(place):
    done = embed(place, "good", "--out", "good.npy")
    assert done.returncode == 0
    assert done.stdout == b""
    assert b"1 picture to good.npy" in done.stderr


def test_paths_from_stdin_give_json_lines_on_stdout_and_nothing_else_there(place):
    done = embed(place, "-", "--out", "-", stdin=b"photos/more/b.png\nphotos/a.png\n")
    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
        "photos/more/b.png",
        "photos/a.png",
    ]


def test_texts_from_stdin(place):
    done = embed(place, "--text", "-", "--out", "-", stdin="a red dress\n\nein grünes Sofa\n".encode())
    assert done.returncode == 0
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [document["id"] for document in documents] == ["a red dress", "ein grünes Sofa"]
    assert {len(document["vector"]) for document in documents} == {DIM}


def test_text_for_a_model_without_words_is_an_error_before_anything_is_written(place):
    synthesize("dinov2-small", place / "wordless", layers=1)
    command = ["embed", "--text", "-", "--out", "t.npy", "--model", "wordless", "--engine", "fake"]
    done = sightline(command, place, stdin=b"a mug\n")
    assert done.returncode == 1
    assert b"embeds pictures only" in done.stderr
    assert not (place / "t.npy").exists()


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_one_picture_alone_has_the_vector_that_it_has_among_others(place, engine):
    """A single square takes another way through memory than a batch."""
    for name, paths in (("one", ["good/a.png"]), ("many", ["good/a.png", "photos/more/b.png"])):
        command = ["embed", *paths, "--out", f"{name}.npy", "--model", "model", "--engine", engine]
        assert sightline([*command, "--precision", "f32"], place).returncode == 0
    one, many = np.load(place / "one.npy"), np.load(place / "many.npy")
    assert np.allclose(one[0], many[0], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere", "--out", "x.npy"], 1, b"there is no file or folder 'nowhere'"),
        (["model", "--out", "x.npy"], 2, b"no pictures in model"),
        (["good", "--out", "gone/x.npy"], 2, b"the folder 'gone' does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_without_a_traceback(place, arguments, code, told):
    done = embed(place, *arguments)
    assert done.returncode == code
    assert told in done.stderr
    assert b"Traceback" not in done.stderr


def test_debug_shows_the_traceback(place):
    done = sightline(["embed", "nowhere", "--out", "x.npy"], place, SIGHTLINE_DEBUG="1")
    assert done.returncode == 1
    assert b"Traceback" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_command_ends_with_130_and_leaves_no_file(place, tmp_path, sent):
    command = ["embed", "-", "--out", str(tmp_path / "x.npy"), "--model", "model", "--engine", "fake"]
    with started(command, place) as process:
        process.stdin.write(b"gone.png\n" * 3 * BATCH)
        process.stdin.flush()
        assert any(line.startswith(b"failed: gone.png") for line in iter(process.stderr.readline, b""))
        process.send_signal(sent)  # in the midst of it: it waits for more paths
        assert process.wait(20) == 130
        assert b"Traceback" not in process.stderr.read()
    assert list(tmp_path.iterdir()) == []


def _read(path):
    if path.suffix == ".npy":
        lines = path.with_suffix(".ids.jsonl").read_bytes().splitlines()
        return [json.loads(line)["id"] for line in lines], np.load(path)
    rows = duckdb.read_parquet(str(path)) if path.suffix == ".parquet" else duckdb.read_json(str(path))
    rows = rows.fetchall()
    return [row[0] for row in rows], np.array([row[1] for row in rows], dtype=np.float32)

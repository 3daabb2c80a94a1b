import json
import re

import pytest

from sightline.models.card_files import card, card_names
from sightline.models.synthesize import synthesize
from tests.e2e.terminal import sightline


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    synthesize("mini", folder / "model", layers=1)
    return folder


def answer(place, *arguments):
    done = sightline([*arguments, "--json"], place)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_list_has_every_card_and_says_which_are_here(place):
    entries = {entry["name"]: entry for entry in answer(place, "models", "list")}
    assert sorted(entries) == card_names()
    assert entries["mini"]["here"] == "bundled"
    assert entries["dinov2-base"]["here"] == "not fetched"
    assert entries["dinov2-base"]["modalities"] == ["image"]
    assert entries["clip-vit-b-32"]["parameters"] == pytest.approx(151.3e6, rel=0.001)


def test_list_is_a_table_for_people(place):
    lines = sightline(["models", "list"], place).stdout.decode().splitlines()
    assert max(map(len, map(str.rstrip, lines))) <= 80
    [row] = [line for line in lines if "siglip-so400m-384" in line]
    assert re.search(r"1152 +384 px +878 M +yes +not fetched +Apache-2.0", row)


def test_a_damaged_lock_of_one_model_hides_no_other(tmp_path):
    repo = "facebook--dinov2-small"
    revision = card("dinov2-small").revision
    snapshot = tmp_path / "cache" / f"models--{repo}" / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"")
    lock = tmp_path / "cache" / ".sightline" / f"{repo}@{revision}.lock"
    lock.parent.mkdir()
    lock.write_text("{")
    done = sightline(["models", "list", "--json"], tmp_path)
    assert done.returncode == 0
    here = {entry["name"]: entry["here"] for entry in json.loads(done.stdout)}
    assert here == {name: here[name] for name in card_names()}
    assert (here["dinov2-small"], here["mini"]) == ("damaged", "bundled")
    assert b"is no lock" in done.stderr


def test_show_tells_the_fingerprint_of_what_is_here(place):
    facts = answer(place, "models", "show", "model")
    assert re.fullmatch(r"[0-9a-f]{64}", facts["fingerprint"])
    assert facts["here"] == "local"
    assert facts["lock"].endswith("sightline.lock")


def test_show_tells_the_card_of_what_is_not(place):
    facts = answer(place, "models", "show", "fashion-siglip")
    assert facts["dim"] == 768
    assert "fingerprint" not in facts


def test_misspelt_model_is_answered_with_the_right_name(place):
    done = sightline(["models", "show", "clip-vit-b32"], place)
    assert done.returncode == 1
    assert b"Did you mean 'clip-vit-b-32'?" in done.stderr


def test_pull_verifies_what_is_already_here(place):
    assert answer(place, "models", "pull", "model")["verdict"] == "matches the lock"


def test_pull_refuses_a_file_that_was_changed(place, tmp_path):
    synthesize("mini", tmp_path / "model", layers=1)
    tokenizer = tmp_path / "model" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + " ")
    done = sightline(["models", "pull", "model"], tmp_path)
    assert done.returncode == 1
    assert b"tokenizer.json has changed" in done.stderr


def test_synthesized_model_says_how_large_it_is_and_verifies(place):
    made = answer(place, "models", "synthesize", "mini", "--out", "made", "--layers", "1", "--dtype", "BF16")
    assert made["weight_bytes"] == pytest.approx(2 * made["parameters"], rel=0.05)
    report = answer(place, "models", "verify", "made")
    assert report["passes"]
    compared = {(row["engine"], row["precision"], row["compared_with"]) for row in report["rows"]}
    assert {("onnx", "f32", "one by one"), ("openvino", "f32", "one by one")} <= compared
    assert all(row["texts"] is not None for row in report["rows"])


def test_verify_without_a_reference_says_what_to_install(place):
    """The environment of the tests has no torch."""
    told = sightline(["models", "verify", "model"], place).stderr.decode()
    assert "pip install torch transformers" in told


def test_bench_measures_random_weights_of_a_card(place):
    options = ("--card", "dinov2-small", "--layers", "1", "--batch", "1", "--batch", "2", "--seconds", "0.1")
    report = answer(place, "bench", *options, "--engine", "onnx")
    assert [speed["batch"] for speed in report["speeds"]] == [1, 2]
    for speed in report["speeds"]:
        assert speed["pictures_per_s"] == pytest.approx(1000 * speed["batch"] / speed["p50_ms"])
        assert speed["gflop_per_s"] == pytest.approx(
            speed["pictures_per_s"] * report["gflop_per_picture"], rel=0.01
        )
    assert report["prepare_ms"] > 0
    assert (report["engine"], report["precision"]) == ("onnx", "f32")


def test_doctor_finds_this_machine_fit(place):
    findings = answer(place, "doctor", "--port", "0")
    assert {finding["state"] for finding in findings} <= {"ok", "warn"}
    states = {finding["name"]: finding["state"] for finding in findings}
    assert states["mini"] == states["settings"] == "ok"


def test_doctor_fails_where_settings_are_wrong_and_examines_the_rest(place):
    done = sightline(["doctor", "--port", "0"], place, SIGHTLINE_ENGINE="steam")
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert re.match(r"fail +settings +SIGHTLINE_ENGINE='steam'", lines[0])
    assert any(re.match(r"ok +mini", line) for line in lines)


def test_doctor_names_a_lock_that_cannot_be_read(tmp_path):
    lock = tmp_path / "cache" / ".sightline" / "org--name@main.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("no lock")
    done = sightline(["doctor", "--port", "0"], tmp_path)
    assert done.returncode == 1
    assert "org--name@main.lock" in done.stdout.decode()


def test_doctor_fails_where_the_cuda_that_is_required_is_missing(place):
    done = sightline(["doctor", "--port", "0"], place, REQUIRE_CUDA="true")
    assert done.returncode == 1
    assert b"fail  precision   device 'cuda' was asked for" in done.stdout

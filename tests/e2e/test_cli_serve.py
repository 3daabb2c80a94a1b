import json
import signal
import socket

import httpx
import pytest

from sightline.models.synthesize import synthesize
from tests import pictures
from tests.e2e.terminal import sightline, started
from tests.processes import serving


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    synthesize("mini", folder / "model", layers=1)
    return folder


def events_until(process, event):
    """Log lines, as the server writes them, up to one that begins so."""
    found = []
    for line in process.stderr:
        found.append(json.loads(line))
        if found[-1]["event"].startswith(event):
            return found
    raise AssertionError(f"the server ended before {event!r}: {found}")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_server_says_what_it_runs_and_where_answers_and_ends_with_0(place, sent):
    command = ["serve", "--model", "model", "--engine", "fake", "--port", "0", "--json"]
    with started(command, place, SIGHTLINE_DRAIN_MS="0") as process:
        events = {event["event"].split(" on ")[0]: event for event in events_until(process, "model ready")}
        facts = events["model ready"]
        assert (facts["model"], facts["engine"], facts["precision"]) == ("model", "fake", "f32")
        assert facts["load_s"] >= 0
        assert facts["warm_up_s"] >= 0
        url = events["Uvicorn running"]["event"].split()[3]
        assert httpx.get(f"{url}/readyz").status_code == 200
        process.send_signal(sent)
        assert process.wait(20) == 0


def test_taken_port_is_an_error_that_says_what_to_do(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = sightline(["serve", "--model", "model", "--engine", "fake", "--port", port], place)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"is taken by another program" in done.stderr
    assert b"--port" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        (["--host", "192.0.2.1"], {}, "192.0.2.1:8000 is no address of this machine"),
        ([], {"SIGHTLINE_PROT": "8000"}, "SIGHTLINE_PORT"),
        (["--engine", "fake", "--device", "cuda"], {}, "contradicts"),
    ],
)
def test_setting_that_cannot_be_stops_the_start(place, arguments, settings, told):
    done = sightline(["serve", "--model", "model", *arguments], place, **settings)
    assert done.returncode == 1
    assert told in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_model_that_cannot_be_loaded_ends_the_server_with_1(place):
    done = sightline(["serve", "--model", "clip-vit-b-32", "--port", "0"], place)
    assert done.returncode == 1
    assert b"is missing" in done.stderr


def test_options_come_before_the_environment(place):
    done = sightline(["serve", "--model", "nowhere", "--port", "0"], place, SIGHTLINE_MODELS="model")
    assert done.returncode == 1
    assert b"nowhere" in done.stderr


def test_every_line_of_the_log_is_an_event_whatever_is_sent(place):
    """libtiff writes to standard error by itself, about what the sender chose."""
    tags = pictures.grey_tiff_tags((64, 64)) | {259: 5, 65_000: 1}  # LZW, which these pixels are not
    broken = pictures.tiff(tags, bytes(range(256)) * 16)
    command = ["serve", "--model", "model", "--engine", "fake", "--port", "0", "--json"]
    with started(command, place, SIGHTLINE_DRAIN_MS="0") as process:
        events = {event["event"].split(" on ")[0]: event for event in events_until(process, "model ready")}
        url = events["Uvicorn running"]["event"].split()[3]
        assert httpx.post(f"{url}/embed-image", files={"file": broken}).status_code == 400
        assert httpx.get(f"{url}/%0d%0a%1b[31m{{}}").status_code == 404
        process.terminate()
        events = [json.loads(line) for line in process.stderr]
    assert [event["path"] for event in events if "path" in event] == ["/embed-image", "/\r\n\x1b[31m{}"]


def test_the_fake_engine_serves_a_real_models_name_in_no_time() -> None:
    """Its vectors are nobody's: the canary of the bundled model must not keep it from starting."""
    with serving("mini", SIGHTLINE_ENGINE="fake") as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/embed/text", json={"text": "a red shoe"})
    assert answer.status_code == 200

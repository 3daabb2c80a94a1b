"""The demo as a newcomer sees it, with the bundled model."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from PIL import Image

import sightline
from demo.contact_sheet import FRAME, GAP, GOOD, HEAD, LABEL, MARGIN, THUMB, contact_sheet
from demo.results import HITS, PRODUCT, answer_of
from demo.shop import QUESTIONS, WANTED, picture_question, stock
from sightline.client.answers import Hit
from sightline.domain.duplicates import NEAR

ROOT = Path(__file__).parents[2]
NAMES = {"dress", "mug", "cup", "backpack", "sofa", "couch", "shoes", "watch", "lamp", "chair", "vase", "hat"}
FEW = 120  # of the six hundred articles: they are drawn anew each time


@pytest.fixture(scope="module")
def articles():
    return stock(FEW)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(cwd, port, **settings):
    """A running demo that writes into cwd."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    paths = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=cwd,
        env={**clean, "PYTHONPATH": paths, "DEMO_PORT": str(port), "DEMO_PICTURES": str(FEW), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run_curl(command, cwd):
    """What curl would get: it may not be installed here. These are all of its options that the demo uses."""
    _, url, *options = shlex.split(command)
    pairs = list(zip(options[::2], options[1::2], strict=True))
    given = dict(pairs)
    if "-F" in given:
        fields = [value.partition("=")[::2] for name, value in pairs if name == "-F"]
        files = {field: (cwd / value[1:]).read_bytes() for field, value in fields if value[0] == "@"}
        return httpx.post(url, files=files, data={f: value for f, value in fields if value[0] != "@"})
    if "-d" in given:
        header, _, value = given["-H"].partition(": ")
        return httpx.post(url, content=given["-d"], headers={header: value})
    return httpx.get(url)


def test_demo_finds_what_was_asked_for_and_a_second_one_its_vectors_in_the_library(tmp_path, port):
    with demo(tmp_path, port, SERVE="0") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert re.search(rf"{FEW} pictures of .*catalogue\.csv taken in in [0-9.]+ s$", out, re.MULTILINE)
    clusters = re.search(r"their map drawn by umap in [0-9.]+ s; [0-9]+ clusters: (.*)$", out, re.MULTILINE)
    names = {name.rpartition(" (")[0] for name in clusters[1].split(", ")}
    assert len(names & NAMES) >= 3
    assert re.search(r"“a red dress” +red dress ", out)
    assert re.search(r"“a yellow rucksack” +yellow backpack ", out)
    assert re.search(r"the picture of a yellow +yellow backpack ", out)
    assert re.search(r"contact-sheet\.png", out)
    with Image.open(tmp_path / "demo-output" / "contact-sheet.png") as sheet:
        assert sheet.height > sheet.width > 2000
    assert not is_listening(port)
    with demo(tmp_path, port, SERVE="0") as process:
        out, _ = process.communicate(timeout=60)
    assert ", none of them new" in out


def test_server_stays_for_the_printed_examples_until_ctrl_c(tmp_path, port):
    with demo(tmp_path, port) as process:
        commands = []
        for line in process.stdout:
            if line.strip().startswith("curl "):
                commands.append(line.strip())
            if line.startswith("open "):
                page = line.split()[1]
            if "Ctrl-C ends it" in line:
                assert f"http://127.0.0.1:{port}" in line
                break
        answers = [run_curl(command, tmp_path) for command in commands]
        assert [answer.status_code for answer in answers] == [200] * 4
        assert all(hit["metadata"]["price"] < 50 for hit in answers[0].json()["hits"])
        assert answers[1].json()["hits"][0]["metadata"]["title"] == "yellow backpack"
        assert answers[2].json()["items"] == FEW
        assert len(answers[3].json()["embedding"]) == 128
        assert httpx.get(page).status_code == 200
        assert httpx.get(f"{page}v1/collections/shop/map").json()["state"] == "ready"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not is_listening(port)


def test_interrupted_start_leaves_no_server(tmp_path, port):
    with demo(tmp_path, port) as process:
        deadline = time.monotonic() + 30
        while not is_listening(port) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.terminate()
        assert process.wait(30) == 130
        assert "Traceback" not in process.stderr.read()
    assert not is_listening(port)


def test_taken_port_is_said_before_anything_starts(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with demo(tmp_path, taken.getsockname()[1]) as process:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("demo: port ")
    assert "DEMO_PORT" in err
    assert list(tmp_path.iterdir()) == []


def test_server_that_does_not_come_up_shows_the_end_of_its_log(tmp_path, port):
    with demo(tmp_path, port, SIGHTLINE_ENGINE="steam") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the server ended at its start; the end of its log:\n  error: SIGHTLINE_ENGINE='steam'" in err


def test_shop_has_four_of_each_that_visitors_ask_for_and_not_the_picture_they_bring(articles):
    kinds = Counter((article.product.kind, article.product.colour) for article in articles)
    assert len(articles) == FEW
    assert [kinds[wanted] for wanted in WANTED] == [4] * len(WANTED)
    assert {(question.kind, question.colour) for question in QUESTIONS} == set(WANTED)
    asked = picture_question().picture
    assert all(article.picture.tobytes() != asked.tobytes() for article in articles)


def test_shop_has_a_few_articles_twice_by_the_same_file_and_by_one_that_only_looks_the_same(articles):
    copies = [article for article in articles if article.copy_of is not None]
    assert [article.product for article in copies] == [articles[one.copy_of].product for one in copies]
    is_exact = [article.jpeg == articles[article.copy_of].jpeg for article in copies]
    assert Counter(is_exact) == {True: 2, False: 2}
    model = sightline.load("mini")
    originals = model.embed_images([articles[article.copy_of].picture for article in copies])
    cosines = (model.embed_images([article.jpeg for article in copies]) * originals).sum(axis=1)
    assert all(cosine > NEAR for cosine in cosines)


def test_number_of_pictures_that_the_demo_is_not_made_for_is_refused_before_anything_starts(tmp_path, port):
    with demo(tmp_path, port, SERVE="0", DEMO_PICTURES="3") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("demo: DEMO_PICTURES is '3'; set it to 60 to")
    assert list(tmp_path.iterdir()) == []


def test_sheet_frames_in_green_what_was_asked_for_and_nothing_else(articles):
    shown = [article for article in articles if (article.product.kind, article.product.colour) == WANTED[0]][
        :2
    ]
    shown += [article for article in articles if article.product.colour == "blue"][: HITS - 2]
    hits = [Hit(f"{number}", 0.9, False, "", {PRODUCT: f"{number}"}, "") for number in range(HITS)]
    answer = answer_of(QUESTIONS[0], hits, shown)
    assert [hit.article for hit in answer.hits] == shown
    sheet = contact_sheet([answer], "title", "note")
    green = tuple(bytes.fromhex(GOOD[1:]))
    lefts = [MARGIN + LABEL + place * (THUMB + GAP) for place in range(HITS)]
    frames = [sheet.getpixel((left + FRAME // 2, HEAD + GAP + THUMB // 2)) for left in lefts]
    assert [frame == green for frame in frames] == [True, True, False, False, False]

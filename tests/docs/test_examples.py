"""The examples in README and guide are run, as a reader would run them.

There is no hub here: the cards in the examples are replaced by the bundled one, and port 8000 by a free one.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from drawings import catalogue
from sightline.models.card_files import card_names
from sightline.web.errors import STATUS
from tests.processes import serving

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"\bsightline (serve|embed|ingest|search|status|retry|map|job \w+|models \w+|collection [\w-]+|"
    r"bench serve|bench|doctor)"
)
CARDS = re.compile("|".join(sorted((re.escape(name) for name in card_names()), key=len, reverse=True)))


def examples(language):
    """(page, number) and text of every fenced block of a language."""
    found = []
    for page in PAGES:
        blocks = [body for kind, body in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]
        found += [pytest.param(body, id=f"{page.stem}-{number}") for number, body in enumerate(blocks, 1)]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The library of all examples: that of whoever runs the tests stays as it is."""
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def port(home):
    with serving("mini", SIGHTLINE_HOME=home) as port:
        yield port


@pytest.fixture
def folder(tmp_path):
    """What the examples speak of: shoe.jpg, mug.jpg and a folder of photos."""
    (tmp_path / "photos").mkdir()
    for index, (_, image) in enumerate(catalogue(4, seed=0)):
        image.save(tmp_path / "photos" / f"{index}.jpg")
    for name in ("shoe.jpg", "mug.jpg"):
        (tmp_path / name).write_bytes((tmp_path / "photos" / "0.jpg").read_bytes())
    return tmp_path


def here(text, port):
    return CARDS.sub("mini", text).replace(":8000", f":{port}")


def run(command, folder, **settings):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path} | settings
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("example", examples("python"))
def test_python_example_runs(example, port, folder):
    done = run([sys.executable, "-W", "error", "-c", here(example, port)], folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("example", examples("bash"))
def test_shell_example_runs_and_no_answer_is_an_error(example, port, home, folder):
    done = run(["bash", "-euo", "pipefail", "-c", here(example, port)], folder, SIGHTLINE_HOME=home)
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout


@pytest.mark.parametrize("example", examples("console"))
def test_commands_that_stay_in_the_foreground_exist(example):
    """Starting a server or a demo is tested elsewhere; here, that nothing is misspelt."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in example.splitlines():
        for target in re.findall(r"\bmake ([a-z]+)", line):
            assert target in targets
        for command in COMMAND.findall(line):
            assert run(["sightline", *command.split(), "--help"], ROOT).returncode == 0


def test_every_guide_is_linked_from_the_readme():
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if page.name not in readme] == []


def test_guide_to_http_lists_every_error_code():
    text = (ROOT / "docs" / "guide" / "http.md").read_text(encoding="utf-8")
    assert [code for code in STATUS if f"`{code}`" not in text] == []

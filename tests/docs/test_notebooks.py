"""Notebook-style scripts are run, as a reader would run them: in order, against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import serving

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving("mini", SIGHTLINE_HOME=str(tmp_path_factory.mktemp("home"))) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_from_its_first_cell_to_its_last(notebook, url, tmp_path):
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "error", notebook],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths, "SIGHTLINE_URL": url},
        capture_output=True,
        text=True,
        timeout=110,  # the first map of a machine compiles UMAP
    )
    assert done.returncode == 0, done.stderr
    assert "100 % done" in done.stdout
    assert (tmp_path / "selection.csv").read_text(encoding="utf-8").count("\n") > 1


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_one_for_those_who_read_it(notebook):
    """Cells are told apart by what VS Code, Jupyter and Spyder know; the first says what it is about."""
    text = notebook.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert len(re.findall(r"^# %%", text, re.MULTILINE)) >= 5

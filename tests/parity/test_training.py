"""The commands that make the bundled model can be started here. Does not train."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["train", "evaluate", "canary"])
def test_every_command_of_training_starts(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", f"training.{command}", "--help"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "usage: " in ended.stdout


@pytest.mark.parametrize("package", ["training", "tests.parity.references"])
def test_the_libraries_open_after_it(package: str) -> None:
    """Two processes of their own: an import cannot be tried twice."""
    lines = (
        f"import {package}; from transformers import CLIPModel, SiglipModel, Dinov2Model; import open_clip"
    )
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr

"""The page's own arithmetic, tested where it is written. Does not know what is tested there."""

import subprocess
from pathlib import Path

UI = Path(__file__).parents[2] / "ui"


def test_the_modules_of_the_page_pass_their_tests() -> None:
    ran = subprocess.run(["npm", "test", "--silent"], cwd=UI, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr

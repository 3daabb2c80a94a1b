"""`sightline bench serve` as a process of its own, and its figures. Does not know what is asked of it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, float]
OURS, PEER = "sightline", "multipart"  # a peer goes by its shape


@dataclass(frozen=True)
class Generator:
    """Sends to one server. pictures: a folder of JPEGs."""

    port: int
    pictures: Path

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "sightline", "bench", "serve", "--json"]
        command += ["--url", f"http://127.0.0.1:{self.port}", "--pictures", str(self.pictures)]
        return subprocess.Popen([*command, *options], stdout=subprocess.PIPE)

    def run(self, *options: str) -> Figures:
        return figures(self.start(*options))[OURS]


def figures(load: "subprocess.Popen[bytes]") -> dict[str, Figures]:
    """What it found of each server, once it has ended; what there was none of is 0."""
    out, _ = load.communicate()
    if load.returncode:
        raise RuntimeError(f"the load ended with {load.returncode}")
    return {name: _numbers(found) for name, found in json.loads(out)["servers"].items()}


def _numbers(found: Mapping[str, Any]) -> Figures:
    statuses = found["statuses"]
    known = {name: value or 0.0 for name, value in found.items() if isinstance(value, float | int | None)}
    expired = statuses.get("504", 0)
    return {**known, "expired": expired, "others": known["other"] - expired}

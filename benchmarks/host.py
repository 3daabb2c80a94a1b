"""What machine this is, for whoever reads the results. Does not know what was measured."""

import os
import platform
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def describe() -> str:
    flags = Path("/proc/cpuinfo").read_text()
    known = [flag for flag in FLAGS if f" {flag}" in flags]
    names = [line.split(":")[1].strip() for line in flags.splitlines() if "model name" in line]
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{names[0] if names else 'unknown CPU'}, {os.cpu_count()} cores, {' '.join(known)}; {system}"

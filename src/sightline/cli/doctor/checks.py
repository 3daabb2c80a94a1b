"""What can be wrong with a machine, and what to do about it. Does not know how findings are shown."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sightline.bootstrap import hub_of, load_model, load_options, make_engine
from sightline.cli.serve.run import require_free
from sightline.domain.errors import (
    BrokenFileError,
    CanaryError,
    EngineUnavailableError,
    SettingsError,
    SightlineError,
)
from sightline.models.lock import read_lock
from sightline.registry import ENGINES, engine_class
from sightline.services.canary import check
from sightline.settings import Settings

OLDEST_PYTHON = (3, 11)
FASTER_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")  # asimd, bf16: on Arm
PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime"}  # what an engine is made of
OPTIONAL = {"torch": "models verify", "transformers": "models verify", "open_clip_torch": "models verify"}
LITTLE_MEMORY = 1_000_000_000  # ViT-B/32 with both towers takes 0.6 GB, of which 0.55 are its file's
LITTLE_DISK = 5_000_000_000  # So400M is 3.5 GB
CPU_FACTS = Path("/proc/cpuinfo")
MEMORY_FACTS = Path("/proc/meminfo")
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Finding:
    """One line. advice: what to do, where there is something."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def python(_: Settings) -> Iterator[Finding]:
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] >= OLDEST_PYTHON:
        yield Finding("python", "ok", version)
    else:
        yield Finding("python", "fail", version, "Python 3.11 or later is needed")


def processor(_: Settings) -> Iterator[Finding]:
    cores = f"{os.cpu_count()} cores"
    try:
        words = set(CPU_FACTS.read_text(encoding="ascii", errors="replace").split())
    except OSError:  # not Linux: its flags are not told
        yield Finding("processor", "ok", cores)
        return
    flags = [flag for flag in FASTER_FLAGS if flag in words]
    yield Finding("processor", "ok", f"{cores}, {' '.join(flags) or 'no vector instructions known to us'}")


def memory(_: Settings) -> Iterator[Finding]:
    try:
        lines = MEMORY_FACTS.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    facts = dict(line.split(":", 1) for line in lines)
    free = int(facts["MemAvailable"].split()[0]) * 1024
    limit = _memory_limit()
    found = f"{free / 1e9:.1f} GB available" + (
        f", this container may use {limit / 1e9:.1f} GB" if limit else ""
    )
    if min(free, limit or free) < LITTLE_MEMORY:
        yield Finding(
            "memory", "warn", found, "enough for mini; for other models end something or add memory"
        )
    else:
        yield Finding("memory", "ok", found)


def engines(settings: Settings) -> Iterator[Finding]:
    """Which runtimes are here, which one `auto` takes, and at which precision."""
    for name, package in PACKAGES.items():
        try:
            engine_class(name)
            yield Finding("engine", "ok", f"{name} ({package} {importlib.metadata.version(package)})")
        except EngineUnavailableError:
            advice = f"optional: pip install 'sightline[{ENGINES[name][1]}]'"
            yield Finding("engine", "ok", f"{name} is not installed", advice)
    try:
        engine = make_engine(load_options(settings))
    except SightlineError as error:
        yield Finding("precision", "fail", str(error))
        return
    taken = f"{engine.precision} with engine {engine.name} on {engine.device}"
    if engine.precision == "f32" and settings.precision == "auto" and engine.device == "cpu":
        yield Finding("precision", "ok", f"{taken}: no faster one here")
    else:
        yield Finding("precision", "ok", taken)


def cache(settings: Settings) -> Iterator[Finding]:
    """Where fetched checkpoints lie, whether there is room, and whether their locks can be read."""
    folder = hub_of(settings).cache
    exists = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(exists).free
    found = f"{folder}, {free / 1e9:.0f} GB free"
    if not os.access(exists, os.W_OK):
        yield Finding(
            "cache", "warn", f"{found}, may not be written to", "set SIGHTLINE_CACHE_DIR to fetch models"
        )
    elif free < LITTLE_DISK:
        yield Finding("cache", "warn", found, "the largest model needs 3.5 GB; make room to fetch it")
    else:
        yield Finding("cache", "ok", found)
    yield _locks(folder)


def bundled(settings: Settings) -> Iterator[Finding]:
    """The model that ships with Sightline loads, and gives the vectors it should on this machine."""
    try:
        model = load_model("mini", load_options(settings))
        check(model, model.canary)
    except CanaryError as error:  # says itself what to try
        yield Finding("mini", "fail", str(error))
    except SightlineError as error:
        yield Finding("mini", "fail", str(error), "reinstall Sightline")
    else:
        yield Finding(
            "mini",
            "ok",
            f"loads; its vectors are those of {model.canary.made_by}" if model.canary else "loads",
        )


def port(settings: Settings) -> Iterator[Finding]:
    try:
        require_free(settings.host, settings.port)
        yield Finding("port", "ok", f"{settings.host}:{settings.port} is free")
    except SettingsError as error:
        yield Finding("port", "warn", str(error))


def extras(_: Settings) -> Iterator[Finding]:
    for package, purpose in OPTIONAL.items():
        try:
            yield Finding("optional", "ok", f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding("optional", "ok", f"{package} is not installed", f"only `{purpose}` uses it")


CHECKS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (
    python, processor, memory, engines, cache, bundled, port, extras,
)  # fmt: skip


def _memory_limit() -> int | None:
    try:
        text = MEMORY_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _locks(folder: Path) -> Finding:
    """Locks are only read: comparing files with them takes as long as loading the models."""
    paths = sorted((folder / ".sightline").glob("*.lock"))
    for path in paths:
        try:
            read_lock(path)
        except BrokenFileError as error:
            return Finding("locks", "fail", str(error))
    return Finding("locks", "ok", f"{len(paths)} fetched models are locked")

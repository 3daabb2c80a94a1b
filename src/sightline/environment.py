"""Settings off an environment and a command line, once. Does not know what a setting means.

Each is read as SIGHTLINE_<NAME>. The tuned embedder's own names are read too (FOREIGN_NAMES), in its formats.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from sightline.domain.errors import SettingsError
from sightline.settings import PROFILES, Settings

PREFIX = "SIGHTLINE_"

FOREIGN_NAMES = {
    "VISION_MODEL_ID": "models",
    "VISION_SIZE": "image_size_px",
    "TTA_CROP_SIZE": "crop_size_px",
    "MODEL_PRECISION": "precision",
    "MATMUL_PRECISION": "matmul_precision",
    "CUDA_DEVICE": "cuda_device",
    "REQUIRE_CUDA": "require_cuda",
    "ENABLE_TTA": "five_crops",
    "ENABLE_MULTI_SCALE": "multi_scale",
    "MULTI_SCALE_FACTORS": "scale_factors",
    "MULTI_SCALE_MAX_DIM": "max_dim_px",
    "PANORAMA_MAX_RATIO": "panorama_max_ratio",
    "LOG_LEVEL": "log_level",
    "LOG_FORMAT": "log_format",
    "HF_TOKEN": "hf_token",
}
EVERYBODYS = {"LOG_LEVEL", "LOG_FORMAT", "HF_TOKEN"}  # set for other programs too: ours then simply wins


def read_settings(
    environ: Mapping[str, str] | None = None, chosen: Mapping[str, object] | None = None
) -> Settings:
    """Settings from `chosen` (a command line's options, by field), then the environment, then the profile.

    Raises SettingsError: a name nobody knows, a refused value, or two settings that contradict each other.
    """
    environ = os.environ if environ is None else environ
    names = _names_used(environ)
    values: dict[str, object] = {field: environ[name] for field, name in names.items()}
    values |= {field: value for field, value in (chosen or {}).items() if value is not None}
    profile = PROFILES.get(str(values.get("profile", "none")).strip().lower(), {})
    try:
        return Settings.model_validate({**profile, **values})
    except ValidationError as error:
        found = error.errors(include_url=False)
        first = {problem["loc"][:1]: problem for problem in reversed(found)}  # of a list one fault is enough
        problems = [_told(dict(problem), names, values) for problem in reversed(first.values())]
        raise SettingsError("; ".join(problems)) from None


def home_of(settings: Settings) -> Path:
    """The library's folder."""
    if settings.home:
        return Path(settings.home).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "sightline"


def cache_folder() -> Path:
    """Where this person keeps what can be made again. Raises RuntimeError: nobody knows where that is."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "sightline"


def _names_used(environ: Mapping[str, str]) -> dict[str, str]:
    """Which environment name sets each field that is set. Empty values count as not set."""
    fields = {PREFIX + field.upper(): field for field in Settings.model_fields}
    names: dict[str, str] = {}
    for name in environ:
        if name.startswith(PREFIX) and environ[name]:
            if name not in fields:
                close = difflib.get_close_matches(name, fields, n=1, cutoff=0.6)
                hint = f"did you mean {close[0]}?" if close else "docs/guide/settings.md lists all there are"
                raise SettingsError(f"no setting is called {name}; {hint}")
            names[fields[name]] = name
    for name, field in FOREIGN_NAMES.items():
        if not environ.get(name):
            continue
        ours = names.setdefault(field, name)
        if (
            ours != name
            and name not in EVERYBODYS
            and not _mean_the_same(field, environ[ours], environ[name])
        ):
            raise SettingsError(
                f"{ours}={environ[ours]!r} contradicts {name}={environ[name]!r}; set one of them"
            )
    return names


def _mean_the_same(field: str, one: str, other: str) -> bool:
    """Whether two spellings give one value; what is no value at all is refused later, under its name."""
    try:
        first, second = (getattr(Settings.model_validate({field: text}), field) for text in (one, other))
    except ValidationError:
        return one == other
    return bool(first == second)


def _told(problem: Mapping[str, object], names: Mapping[str, str], values: Mapping[str, object]) -> str:
    """One refusal, with the name under which the operator set the value."""
    reason = str(problem["msg"]).removeprefix("Value error, ")
    place = problem["loc"]
    if not isinstance(place, tuple) or not place:
        return reason
    field = str(place[0])
    if field not in Settings.model_fields:
        return f"no setting is called {field!r}"
    help_text = Settings.model_fields[field].description
    is_secret = field in ("api_key", "hf_token", "qdrant_api_key", "store")  # an address may hold a password
    value = "(hidden)" if is_secret else repr(values.get(field))[:200]
    return f"{names.get(field, field)}={value} is refused: {reason} ({help_text})"

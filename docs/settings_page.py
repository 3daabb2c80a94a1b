"""Writes docs/guide/settings.md from the settings: python docs/settings_page.py. Knows no values itself."""

from collections.abc import Mapping
from pathlib import Path

from sightline.environment import FOREIGN_NAMES, PREFIX
from sightline.settings import PROFILES, Settings

PAGE = Path(__file__).parent / "guide" / "settings.md"


def settings_page() -> str:
    """The whole page, as a test expects docs/guide/settings.md to be."""
    foreign = {field: name for name, field in FOREIGN_NAMES.items()}
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable; `sightline serve --help` has options for the common ones.",
        "A name that does not exist, a value out of range or two in contradiction stop the start.",
        "",
        "| variable | also read as | default | what it does |",
        "|---|---|---|---|",
    ]
    for field, info in Settings.model_fields.items():
        also = f"`{foreign[field]}`" if field in foreign else ""
        lines.append(
            f"| `{PREFIX}{field.upper()}` | {also} | {_default(info.default)} | {info.description} |"
        )
    lines += ["", "`SIGHTLINE_PROFILE=tuned-embedder` changes these defaults:", ""]
    profile = PROFILES["tuned-embedder"]
    lines += [f"- `{PREFIX}{field.upper()}` is {_default(value)}" for field, value in profile.items()]
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "not set"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    if isinstance(value, Mapping):
        return f"`{','.join(f'{name}={its}' for name, its in value.items())}`"
    return f"`{str(value).lower()}`"


if __name__ == "__main__":
    PAGE.write_text(settings_page())

"""How values are written in an environment, by us and by others. Does not know which setting has which."""

import contextlib
import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

# how others spell our words; "half where the device has it" is what auto means
PRECISIONS = {
    "fp32": "f32",
    "float32": "f32",
    "bfloat16": "bf16",
    "fp16": "auto",
    "float16": "auto",
    "half": "auto",
}
LEVELS = {"warn": "warning", "critical": "error"}
FORMATS = {"text": "human", "console": "human", "plain": "human"}


def word(spellings: Mapping[str, str] | None = None) -> BeforeValidator:
    """One of our words, in any case and as others spell it."""

    def ours(value: object) -> object:
        lower = value.strip().lower() if isinstance(value, str) else value
        return (spellings or {}).get(lower, lower) if isinstance(lower, str) else lower

    return BeforeValidator(ours)


def _split(value: object) -> object:
    """Lists are written with commas in an environment, or as JSON, as pydantic-settings reads them."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            return tuple(json.loads(value))
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)


def pairs(defaults: Mapping[str, object]) -> BeforeValidator:
    """`embed=500,search=300`, or a JSON object; a name that is not there keeps its default."""

    def complete(value: object) -> object:
        given = _pairs(value) if isinstance(value, str) else value
        return {**defaults, **given} if isinstance(given, Mapping) else given

    return BeforeValidator(complete)


def _pairs(text: str) -> object:
    if text.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    found: dict[str, str] = {}
    for piece in text.split(","):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or name in found:
            raise ValueError(f"{piece.strip()!r} is not one name=value more; write them as a=1,b=2")
        found[name] = value
    return found


def _device_number(value: object) -> object:
    """`1`, or `cuda:1`, as torch names a device."""
    return value.strip().lower().removeprefix("cuda:") if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Factors = Annotated[tuple[Annotated[float, Field(gt=0, le=8)], ...], BeforeValidator(_split)]
DeviceNumber = Annotated[int, BeforeValidator(_device_number)]

"""A filter as Qdrant's conditions on a payload. Knows no collection, and never refuses what `matches` passes.

Qdrant reads lists, null and absent fields as `matches` does. What it has no condition for is an order of
strings: a filter with one is pushed down without it, where that loses no hit, and the hits are checked again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qdrant_client import models

from sightline.domain.filters import And, Compares, Equals, Exists, Filter, Not, Or, Path, Scalar

PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")  # all others are quoted in a path


@dataclass(frozen=True)
class Pushed:
    """What Qdrant checks by itself. condition: None lets everything pass. is_exact: nothing else passes."""

    condition: models.Filter | None
    is_exact: bool


def push_down(where: Filter, root: str) -> Pushed:
    """The conditions for a filter over the metadata that lies in the payload under `root`."""
    is_exact = _is_expressible(where)
    return Pushed(_wider(where, root), is_exact)


def _is_expressible(where: Filter) -> bool:
    match where:
        case Compares(_, _, bound):
            return not isinstance(bound, str)
        case And(parts) | Or(parts):
            return all(_is_expressible(part) for part in parts)
        case Not(part):
            return _is_expressible(part)
        case _:
            return True


def _wider(where: Filter, root: str) -> models.Filter | None:
    """Conditions that pass all that the filter passes; None if that is anything."""
    match where:
        case And(parts):
            known = _known(parts, root)
            return models.Filter(must=known) if known else None
        case Or(parts):
            known = _known(parts, root)
            return _one_of(known) if len(known) == len(parts) else None
        case Not(part) if _is_expressible(part):
            negated = _wider(part, root)
            return _nothing() if negated is None else models.Filter(must_not=[negated])
        case Equals(path, values):
            key = payload_path(path, root)
            return _one_of([_equals(key, value) for value in values])
        case Compares(path, order, bound) if not isinstance(bound, str):
            limits = models.Range.model_validate({order: bound})
            return models.Filter(must=[models.FieldCondition(key=payload_path(path, root), range=limits)])
        case Exists(path):
            field = models.PayloadField(key=payload_path(path, root))
            return models.Filter(must_not=[models.IsEmptyCondition(is_empty=field)])
        case _:
            return None


def _known(parts: tuple[Filter, ...], root: str) -> list[models.Condition]:
    """The conditions of those parts that have one."""
    return [condition for condition in (_wider(part, root) for part in parts) if condition is not None]


def _equals(key: str, value: Scalar) -> models.FieldCondition:
    """Numbers as a range: a match tells 5 from 5.0, and takes no 5.5."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return models.FieldCondition(key=key, range=models.Range(gte=value, lte=value))
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def _one_of(parts: Sequence[models.Condition]) -> models.Filter:
    """Of none: nothing. An empty `should` would let everything pass."""
    return models.Filter(should=list(parts)) if parts else _nothing()


def _nothing() -> models.Filter:
    return models.Filter(must=[models.HasIdCondition(has_id=[])])


def payload_path(path: Path, root: str) -> str:
    """A path of keys as Qdrant spells it. A filter's keys hold no double quote."""
    keys = [key if PLAIN_KEY.fullmatch(key) else f'"{key}"' for key in path]
    return ".".join([root, *keys])

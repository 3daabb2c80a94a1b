"""How a filter is spelled in JSON. Does not know what it means, or metadata.

    {"colour": "red", "price": {"gte": 10, "lt": 50}, "not": {"size.eu": {"in": [36, 37]}}}

All conditions of an object must hold. A field has one of eq, ne, in, lt, lte, gt, gte, exists, or several; a
plain value stands for eq; a dot leads into a nested object. `and` and `or` take a list of such objects, `not`
takes one. `ne` asks for a field that is there and is not equal; what is not there passes `exists: false`.
"""

import math
import re

from sightline.domain.errors import InvalidFilterError
from sightline.domain.filters import ORDERS, And, Compares, Equals, Exists, Filter, Not, Or, Path, Scalar
from sightline.domain.items import UNPRINTABLE, UNSTORABLE

MAX_DEPTH = 8  # of and, or, not
MAX_TERMS = 1_000  # conditions and the values of `in`: a database's planner takes them one by one
MAX_PATH_KEYS = 8
MAX_TEXT_CHARACTERS = 1_024
MAX_SAFE_INTEGER = 2**53 - 1  # beyond it float64 skips integers, and two ids would be one
UNQUOTABLE = re.compile(r'["\\]')  # the paths of DuckDB, PostgreSQL and Qdrant quote a key in these
WILDCARD = "*"  # to DuckDB even in quotes, if it is the whole key
OPERATORS = ("eq", "ne", "in", *ORDERS, "exists")


def parse(document: object) -> Filter:
    """The filter that a JSON document spells.

    Raises InvalidFilterError: it says where and what would be right.
    """
    return _Parser().filter(document, MAX_DEPTH)


class _Parser:
    """One document; counts what it has read, so that a filter stays what a database can plan."""

    def __init__(self) -> None:
        self._terms = 0

    def filter(self, document: object, depth_left: int) -> Filter:
        """The conditions of one object, all of which must hold."""
        if not isinstance(document, dict):
            raise InvalidFilterError(f"a filter is a JSON object, not {_shown(document)}")
        if depth_left < 0:
            raise InvalidFilterError(f"the filter nests and, or, not more than {MAX_DEPTH} deep")
        parts = [part for name, value in document.items() for part in self._parts(name, value, depth_left)]
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _parts(self, name: object, value: object, depth_left: int) -> list[Filter]:
        match name:
            case "and":
                return [And(self._filters("and", value, depth_left - 1))]
            case "or":
                return [Or(self._filters("or", value, depth_left - 1))]
            case "not":
                return [Not(self.filter(value, depth_left - 1))]
            case _:
                return self._conditions(field_path(name), value)

    def _filters(self, name: str, value: object, depth_left: int) -> tuple[Filter, ...]:
        if not isinstance(value, list):
            raise InvalidFilterError(f"`{name}` takes a list of filters, not {_shown(value)}")
        self._count(len(value))
        return tuple(self.filter(part, depth_left) for part in value)

    def _conditions(self, path: Path, value: object) -> list[Filter]:
        """Each operator of a field; a plain value stands for eq."""
        if not isinstance(value, dict):
            return [self._condition(path, "eq", value)]
        if not value:
            raise InvalidFilterError(
                f"field {_dotted(path)} has no condition; take one of {', '.join(OPERATORS)}"
            )
        return [self._condition(path, operator, operand) for operator, operand in value.items()]

    def _condition(self, path: Path, operator: object, operand: object) -> Filter:
        self._count(1)
        match operator:
            case "eq":
                return Equals(path, (_scalar(path, operand),))
            case "ne":
                return And((Exists(path), Not(Equals(path, (_scalar(path, operand),)))))
            case "in":
                return Equals(path, self._scalars(path, operand))
            case "lt" | "lte" | "gt" | "gte":
                return Compares(path, operator, _bound(path, operand))
            case "exists":
                return _existence(path, operand)
            case _:
                raise InvalidFilterError(
                    f"field {_dotted(path)} has the unknown operator {_shown(operator)}; there are "
                    f'{", ".join(OPERATORS)}; a dot leads to a nested field, as in "size.eu"'
                )

    def _scalars(self, path: Path, operand: object) -> tuple[Scalar, ...]:
        if not isinstance(operand, list):
            raise InvalidFilterError(f"field {_dotted(path)}: `in` takes a list, not {_shown(operand)}")
        self._count(len(operand))
        return tuple(_scalar(path, value) for value in operand)

    def _count(self, terms: int) -> None:
        self._terms += terms
        if self._terms > MAX_TERMS:
            raise InvalidFilterError(
                f"the filter has more than {MAX_TERMS} conditions and values; ask in parts"
            )


def field_path(name: object) -> Path:
    """The keys that a field's name with dots leads through. Raises InvalidFilterError."""
    if not isinstance(name, str):
        raise InvalidFilterError(f"{_shown(name)} cannot name a field; names are strings")
    path = tuple(name.split("."))
    if len(path) > MAX_PATH_KEYS or len(name) > MAX_TEXT_CHARACTERS:
        raise InvalidFilterError(
            f"field {_shown(name)} is too deep or too long; at most {MAX_PATH_KEYS} keys and "
            f"{MAX_TEXT_CHARACTERS} characters"
        )
    if not all(path) or WILDCARD in path or UNPRINTABLE.search(name) or UNQUOTABLE.search(name):
        raise InvalidFilterError(
            f"field {_shown(name)} has a key that is empty, a lone *, or holds a double quote, a backslash "
            "or a control character"
        )
    return path


def _scalar(path: Path, value: object) -> Scalar:
    match value:
        case bool():
            return value
        case int() | float():
            return _number(path, value)
        case str():
            return _text(path, value)
        case None:
            raise InvalidFilterError(
                f'field {_dotted(path)} is compared with null; write {{"exists": false}}'
            )
        case _:
            raise InvalidFilterError(
                f"field {_dotted(path)} is compared with {_shown(value)}; for a list take `in`"
            )


def _bound(path: Path, value: object) -> float | str:
    bound = _scalar(path, value)
    if isinstance(bound, bool):
        raise InvalidFilterError(f"field {_dotted(path)}: true and false have no order; take `eq`")
    return bound


def _number(path: Path, number: float) -> float:
    if isinstance(number, int) and abs(number) > MAX_SAFE_INTEGER:
        raise InvalidFilterError(
            f"field {_dotted(path)}: integers are exact up to {MAX_SAFE_INTEGER}; keep longer ones as strings"
        )
    if not math.isfinite(number):
        raise InvalidFilterError(f"field {_dotted(path)} is compared with {number}, which JSON does not have")
    return number


def _text(path: Path, text: str) -> str:
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidFilterError(
            f"field {_dotted(path)} is compared with {len(text)} characters; at most {MAX_TEXT_CHARACTERS}"
        )
    if UNSTORABLE.search(text):
        raise InvalidFilterError(
            f"field {_dotted(path)} is compared with text that holds NUL or half a surrogate pair"
        )
    return text


def _existence(path: Path, operand: object) -> Filter:
    if not isinstance(operand, bool):
        raise InvalidFilterError(
            f"field {_dotted(path)}: `exists` takes true or false, not {_shown(operand)}"
        )
    return Exists(path) if operand else Not(Exists(path))


def _dotted(path: Path) -> str:
    return repr(".".join(path))


def _shown(value: object) -> str:
    return f"{value!r:.80}"

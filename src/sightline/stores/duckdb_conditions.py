"""Filters as SQL over a JSON column of DuckDB. Does not know tables; all that a user wrote is a parameter.

Each condition is TRUE or FALSE, never NULL, so that NOT means what it says.
"""

from dataclasses import dataclass

from sightline.domain.filters import And, Compares, Equals, Exists, Filter, Not, Or, Order, Path, Scalar

COMPARISONS: dict[Order, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
# what `matches` calls the values of a field: a list's elements, or the one value; NULL if there are none
VALUES = """
    CASE json_type(json_extract(metadata, ?))
        WHEN 'ARRAY' THEN json_extract(metadata, ?)::JSON[]
        ELSE [json_extract(metadata, ?)]
    END"""
# how a value of each type is read; of another type it is NULL, which no comparison passes
READERS = {
    "bool": "CASE json_type(v) WHEN 'BOOLEAN' THEN json_extract_string(v, '$') = 'true' END",
    "number": """CASE WHEN json_type(v) NOT IN ('BOOLEAN', 'VARCHAR', 'NULL', 'ARRAY', 'OBJECT')
        THEN json_extract_string(v, '$')::DOUBLE END""",
    "string": "CASE json_type(v) WHEN 'VARCHAR' THEN json_extract_string(v, '$') END",
}


@dataclass(frozen=True)
class Condition:
    """SQL with a `?` for each of the values, in their order."""

    sql: str
    values: tuple[object, ...] = ()


def condition(where: Filter) -> Condition:
    """TRUE for the rows whose `metadata` passes the filter."""
    match where:
        case Equals(path, values):
            return _joined("OR", [_equals(path, kind, some) for kind, some in _by_type(values).items()])
        case Compares(path, order, bound):
            (kind,) = _by_type((bound,))
            return _any_value(path, f"{READERS[kind]} {COMPARISONS[order]} ?", (_sent(bound),))
        case Exists(path):
            return Condition(
                "coalesce(json_extract(metadata, ?)::VARCHAR NOT IN ('null', '[]'), FALSE)",
                (_json_path(path),),
            )
        case And(parts):
            return _joined("AND", [condition(part) for part in parts])
        case Or(parts):
            return _joined("OR", [condition(part) for part in parts])
        case Not(part):
            inner = condition(part)
            return Condition(f"(NOT {inner.sql})", inner.values)


def _equals(path: Path, kind: str, values: list[Scalar]) -> Condition:
    return _any_value(path, f"list_contains(?, {READERS[kind]})", ([_sent(value) for value in values],))


def _any_value(path: Path, test: str, operands: tuple[object, ...]) -> Condition:
    """The test holds for one of the field's values, called v."""
    sql = f"coalesce(list_bool_or(list_transform({VALUES}, lambda v: {test})), FALSE)"
    return Condition(sql, (*[_json_path(path)] * 3, *operands))


def _by_type(values: tuple[Scalar, ...]) -> dict[str, list[Scalar]]:
    """The values by their type in JSON, where true is no number."""
    kinds: dict[str, list[Scalar]] = {}
    for value in values:
        kind = "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
        kinds.setdefault(kind, []).append(value)
    return kinds


def _sent(value: Scalar) -> Scalar:
    """Every number as float64, which is how they compare."""
    return value if isinstance(value, bool | str) else float(value)


def _joined(word: str, conditions: list[Condition]) -> Condition:
    if not conditions:
        return Condition("TRUE" if word == "AND" else "FALSE")
    sql = f" {word} ".join(part.sql for part in conditions)
    return Condition(f"({sql})", tuple(value for part in conditions for value in part.values))


def _json_path(path: Path) -> str:
    """Keys in quotes, which they cannot contain: a digit is no place in a list, a star no wildcard."""
    return "$" + "".join(f'."{key}"' for key in path)

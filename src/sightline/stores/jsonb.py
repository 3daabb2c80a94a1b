"""A filter as a condition on a jsonb column of PostgreSQL. Knows no table, and means what `matches` means.

Values and keys are parameters, never text of the statement. Every test is true or false, never NULL, so that
NOT negates it.
"""

from dataclasses import dataclass, field

from psycopg.sql import SQL, Composable, Identifier, Placeholder
from psycopg.types.json import Jsonb

from sightline.domain.filters import And, Compares, Equals, Exists, Filter, Not, Or, Order, Path, Scalar

OPERATORS: dict[Order, SQL] = {"lt": SQL("<"), "lte": SQL("<="), "gt": SQL(">"), "gte": SQL(">=")}


@dataclass
class JsonbFilter:
    """Writes conditions over one column and collects the parameters that go with them."""

    column: str
    parameters: dict[str, object] = field(default_factory=dict)

    def condition(self, where: Filter) -> Composable:
        """The text of a filter; its values are in `parameters` afterwards."""
        match where:
            case Equals(path, values):
                return self._any_value(path, self._equals(values))
            case Compares(path, order, bound):
                return self._any_value(path, self._compares(order, bound))
            case Exists(path):
                here = self._at(path)
                return SQL("COALESCE({} NOT IN ('null', '[]'), false)").format(here)
            case And(parts):
                return _joined(" AND ", [self.condition(part) for part in parts], of_none="TRUE")
            case Or(parts):
                return _joined(" OR ", [self.condition(part) for part in parts], of_none="FALSE")
            case Not(part):
                return SQL("NOT {}").format(self.condition(part))

    def _any_value(self, path: Path, test: Composable) -> Composable:
        """Whether a test of `v` holds for the field, or for an element where it is a list."""
        return SQL(
            "COALESCE((SELECT bool_or({test}) FROM jsonb_array_elements("
            "CASE jsonb_typeof({here}) WHEN 'array' THEN {here} ELSE jsonb_build_array({here}) END"
            ") AS elements(v)), false)"
        ).format(test=test, here=self._at(path))

    def _equals(self, values: tuple[Scalar, ...]) -> Composable:
        """Numbers compare as float64, as they do in a filter's meaning; jsonb itself compares all digits."""
        numbers = [float(value) for value in values if _is_number(value)]
        others = [Jsonb(value) for value in values if not _is_number(value)]
        return SQL("({} OR v = ANY({}::jsonb[]))").format(
            self._number(SQL("= ANY({}::float8[])").format(self._parameter(numbers))),
            self._parameter(others),
        )

    def _compares(self, order: Order, bound: float | str) -> Composable:
        comparison = SQL("{} {}").format(OPERATORS[order], self._parameter(bound))
        if isinstance(bound, str):  # by code point, whatever the database's own order is
            return SQL(
                "CASE WHEN jsonb_typeof(v) = 'string' THEN (v #>> '{{}}') COLLATE \"C\" {} ELSE false END"
            ).format(comparison)
        return self._number(SQL("{}::float8").format(comparison))

    def _number(self, comparison: Composable) -> Composable:
        """CASE, as AND may try the cast first."""
        return SQL("CASE WHEN jsonb_typeof(v) = 'number' THEN v::float8 {} ELSE false END").format(comparison)

    def _at(self, path: Path) -> Composable:
        """-> with text goes into objects only; a list is not asked for its element "0"."""
        keys = [SQL(" -> {}::text").format(self._parameter(key)) for key in path]
        return SQL("({}{})").format(Identifier(self.column), SQL("").join(keys))

    def _parameter(self, value: object) -> Placeholder:
        name = f"filter_{len(self.parameters)}"
        self.parameters[name] = value
        return Placeholder(name)


def _joined(word: str, parts: list[Composable], *, of_none: str) -> Composable:
    return SQL("({})").format(SQL(word).join(parts) if parts else SQL(of_none))


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

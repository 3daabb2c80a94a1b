"""What a column's cells are: numbers, truths or text, and which of them are odd. Knows no file format."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sightline.domain.items import Json
from sightline.sources.rows import to_json

# As JSON writes numbers: 007 and +49 are names. Beyond 15 digits float64 would change them.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_TRUTHS = {"true": True, "false": False}
_SHOWN_ROWS = 3
_PATIENCE = 20  # odd cells beyond those that fit, until a column is text for good

Fits = Callable[[str], bool]


def is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None


def is_truth(cell: str) -> bool:
    return cell.strip().lower() in _TRUTHS


def as_number(cell: object) -> Json:
    """None for what is none. Of a column that was said to hold numbers, 007 is one too."""
    if isinstance(cell, str):
        try:
            cell = int(cell) if cell.strip().lstrip("+-").isdecimal() else float(cell.replace("_", "?"))
        except ValueError:
            return None
    return to_json(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None


def as_truth(cell: object) -> Json:
    return cell if isinstance(cell, bool) else _TRUTHS.get(str(cell).strip().lower())


def as_text(cell: object) -> Json:
    if isinstance(cell, float) and cell.is_integer() and math.isfinite(cell):
        cell = int(cell)  # tables made by others write 42 as 42.0
    return to_json(str(cell))


# by COLUMN_TYPES: how a cell is read, and what most people call such cells
KINDS: dict[str, tuple[Callable[[object], Json], str]] = {
    "number": (as_number, "numbers"),
    "boolean": (as_truth, "true or false"),
    "text": (as_text, "text"),
}


@dataclass
class Cells:
    """How many cells of a column are of a kind, and where the first are that are not."""

    fitting: int = 0
    odd: int = 0
    rows: list[int] = field(default_factory=list)
    example: str = ""

    def note(self, cell: object, row: int, *, fits: bool) -> None:
        if fits:
            self.fitting += 1
            return
        self.odd += 1
        self.example = self.example or str(cell)[:40]
        if len(self.rows) < _SHOWN_ROWS:
            self.rows.append(row)

    @property
    def is_hopeless(self) -> bool:
        return self.odd > self.fitting + _PATIENCE

    @property
    def is_spoilt(self) -> bool:
        """By few: most cells are of the kind."""
        return 0 < self.odd < self.fitting

    def told(self, plural: str) -> str:
        """`2 of 300 cells are not numbers, as 'n/a' in row 3, 17`."""
        rows = ", ".join(map(str, self.rows)) + (", ..." if self.odd > len(self.rows) else "")
        count = f"{self.odd} of {self.odd + self.fitting} cells are not {plural}"
        return f"{count}, as {self.example!r} in row {rows}"


class Guess:
    """What kind the columns of a table are, by all their cells; those with other cells too are text."""

    def __init__(self, columns: set[str]) -> None:
        self._open: list[tuple[str, str, Fits, Cells]] = [
            (column, kind, fits, Cells())
            for kind, fits in (("number", is_number), ("boolean", is_truth))
            for column in sorted(columns)
        ]

    def see(self, cells: dict[str, str], row: int) -> None:
        is_any_hopeless = False
        for column, _, fits, seen in self._open:
            cell = cells[column]
            if cell and not cell.isspace():  # nothing may stand in any column
                seen.note(cell, row, fits=fits(cell))
                is_any_hopeless = is_any_hopeless or seen.is_hopeless
        if is_any_hopeless:
            self._open = [one for one in self._open if not one[3].is_hopeless]

    def kinds(self) -> dict[str, str]:
        """Of the columns that are not text."""
        return {column: kind for column, kind, _, seen in reversed(self._open) if not seen.odd}

    def remarks(self) -> list[str]:
        """About columns that are text because of few of their cells."""
        return [
            f"column {column!r} is text, for {seen.told(KINDS[kind][1])}; to leave these out, say what it "
            f"holds: --column {column}:{kind}, or over HTTP columns.types"
            for column, kind, _, seen in self._open
            if seen.is_spoilt
        ]


class Said:
    """Columns whose kind a person has said: what is not of it is left out, and told."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._columns = {column: (KINDS[kind][0], kind, Cells()) for column, kind in kinds.items()}

    def read(self, column: str, cell: object, row: int) -> Json:
        """The cell as it is kept."""
        if column not in self._columns:
            return to_json(cell)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        reading, _, seen = self._columns[column]
        value = reading(cell)
        seen.note(cell, row, fits=value is not None)
        return value

    def remarks(self) -> list[str]:
        return [
            f"of column {column!r}, {seen.told(KINDS[kind][1])}; they are left out"
            for column, (_, kind, seen) in self._columns.items()
            if seen.odd
        ]

"""How an older record becomes a newer one, forward only. Does not know what the tables are used for.

tables.py shows the newest shape and makes a new record at once; an older one takes the steps it lacks, all in
one transaction. To change a table: change it there, and append a step here that does the same to old rows.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, inspect, select, text

from sightline.catalogue import tables
from sightline.domain.errors import RecordNewerError


@dataclass(frozen=True)
class Step:
    number: int
    name: str
    apply: Callable[[Connection], None]


def _made_with_the_tables(_connection: Connection) -> None:
    """The first shape: there is nothing older to bring forward."""


def _what_a_scan_found(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN scan TEXT")
    connection.exec_driver_sql("CREATE INDEX items_by_source ON items (collection_id, source, sha256)")


def _add_origins_to_spaces(connection: Connection) -> None:
    kind = tables.Address().compile(connection.dialect)
    connection.execute(text(f"ALTER TABLE spaces ADD COLUMN origin {kind}"))


def _make_room_for_loose_contents(connection: Connection) -> None:
    tables.loose.create(connection)


def _make_room_for_maps(connection: Connection) -> None:
    tables.maps.create(connection)
    tables.point_pages.create(connection)


STEPS: tuple[Step, ...] = (
    Step(1, "the first tables", _made_with_the_tables),
    Step(2, "what a scan found, and items by their source", _what_a_scan_found),
    Step(3, "the folders of models", _add_origins_to_spaces),
    Step(4, "contents that items let go of", _make_room_for_loose_contents),
    Step(5, "maps and their points", _make_room_for_maps),
)


def bring_forward(connection: Connection, known: Sequence[Step] = STEPS) -> list[Step]:
    """Make the tables, or take the steps that this record lacks; returns those taken.

    Raises RecordNewerError: it has taken a step that this version does not know.
    """
    if not inspect(connection).has_table(tables.steps.name):
        tables.metadata.create_all(connection)
        _note(connection, known)
        return []
    taken = set(connection.scalars(select(tables.steps.c.number)))
    newest = max(step.number for step in known)
    if max(taken) > newest:
        raise RecordNewerError(
            f"the record has shape {max(taken)}, made by a later version of Sightline; this one knows up to "
            f"{newest}: install the later version again"
        )
    missing = [step for step in known if step.number not in taken]
    for step in missing:
        step.apply(connection)
    _note(connection, missing)
    return missing


def _note(connection: Connection, steps: Sequence[Step]) -> None:
    rows = [{"number": step.number, "name": step.name, "applied_at": time.time()} for step in steps]
    if rows:
        connection.execute(insert(tables.steps), rows)

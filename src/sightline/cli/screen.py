"""What people and programs read: lines, tables and JSON. Does not know what they say."""

import json
import sys
from collections.abc import Mapping, Sequence

import typer

WIDE = (
    200  # columns of a table that is piped: whoever reads it can cut, but cannot bring back what was cut off
)


def note(text: str) -> None:
    """A line for people, on stderr, so that results on stdout stay clean."""
    typer.echo(text, err=True)


def show_json(document: object, *, err: bool = False) -> None:
    """One JSON document on stdout: indented on a terminal, on one line elsewhere."""
    indent = 2 if sys.stdout.isatty() else None
    typer.echo(json.dumps(document, indent=indent, ensure_ascii=False), err=err)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """A table on stdout; columns whose name begins with > stand right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if title:
        typer.secho(title, bold=True)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    with console.capture() as drawn:  # rich would end the program itself where nobody reads it
        console.print(table)
    typer.echo(drawn.get(), nl=False)


def show_facts(facts: Mapping[str, object]) -> None:
    """`name   value`, one per line, on stdout."""
    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {value}")


def printable(text: str) -> str:
    """The text, or its JSON where it holds what could steer a terminal: file names are given by anybody."""
    return text if text.isprintable() else json.dumps(text)


def size_of(count: float, unit: str = "B") -> str:
    """1234567 as `1.2 MB`: three digits are enough to choose by."""
    prefixes = iter(("", "k", "M", "G", "T"))
    prefix = next(prefixes)
    while count >= 1000:
        count, prefix = count / 1000, next(prefixes)
    digits = 0 if count >= 100 or not prefix else 1
    return f"{count:.{digits}f} {prefix}{unit}".strip()

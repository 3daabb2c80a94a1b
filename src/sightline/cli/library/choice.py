"""Which collection is meant where none is named. Does not know what is done with it."""

import typer

from sightline.cli.library.connection import Connection


def the_collection(library: Connection, named: str | None) -> str:
    """The one that is named, else the only one. Raises typer.BadParameter: there are several, or none."""
    if named is not None:
        return named
    names = [one["name"] for one in library.get("/v1/collections")["collections"]]
    if len(names) == 1:
        return str(names[0])
    problem = (
        f"there are {', '.join(names)}; name one" if names else "there are none; `sightline ingest` makes one"
    )
    raise typer.BadParameter(problem, param_hint="'--collection'")

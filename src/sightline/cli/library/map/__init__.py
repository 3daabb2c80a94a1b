"""`sightline map`: its options and help. Does not know how they are carried out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sightline.cli import options
from sightline.cli.failures import finish

DrawnBy = Annotated[
    Literal["auto", "umap", "pca"],
    typer.Option("--algorithm", help="auto: UMAP where it is installed (pip install 'sightline[map]')."),
]
Neighbours = Annotated[
    int,
    typer.Option("--neighbours", min=2, max=100, help="Few show detail, many show the whole."),
]
Words = Annotated[
    Path | None,
    typer.Option(
        "--words",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A text file of words, one a line, that clusters may be named by. Default: those built in.",
    ),
]
Given = Annotated[
    Path | None,
    typer.Option(
        "--import",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Draw nothing: take places from a CSV or Parquet file with columns id, x and y.",
    ),
]


def map_(
    *,
    collection: options.AnyCollection = None,
    algorithm: DrawnBy = "auto",
    neighbours: Neighbours = 15,
    words: Words = None,
    given: Given = None,
    detach: options.Detach = False,
    as_json: options.Json = False,
) -> None:
    """Draw a map of a collection: what is alike lies together, and clusters have names.

    What is taken in later gets its place by itself, and nothing else moves. Repeat the command for a new map.

    \b
    Examples:
      sightline map --collection photos
      sightline map --collection shop --words words.txt
      sightline map --collection photos --import places.csv
    """
    from sightline.cli.library.map.run import Wanted, bring, draw

    if given is not None:
        if words is not None:
            raise typer.BadParameter("places that are given have no clusters to name", param_hint="'--words'")
        bring(collection, given, as_json=as_json)
        return
    wanted = Wanted(algorithm, neighbours, words)
    finish(draw(collection, wanted, is_awaited=not detach, as_json=as_json))

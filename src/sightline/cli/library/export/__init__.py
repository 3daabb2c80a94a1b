"""`sightline export`: its options and help. Does not know how they are carried out."""

from typing import Annotated, Literal

import typer

from sightline.cli import options

Out = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="x.parquet, x.csv, x.jsonl, x.npz, x.duckdb, or x.txt for ids; - is stdout.",
        show_default=False,
    ),
]
Format = Annotated[
    Literal["parquet", "csv", "jsonl", "npz", "duckdb", "ids"] | None,
    typer.Option("--to", help="The format. Default: by the file's ending; of stdout jsonl."),
]
Within = Annotated[
    str | None,
    typer.Option(
        "--within",
        metavar="JSON",
        help='Only what lies there on the map: {"lasso": [{"polygon": [[x, y], ...]}], "clusters": [3]}.',
        show_default=False,
    ),
]
WithVectors = Annotated[bool, typer.Option("--vectors/--no-vectors", help="Whether vectors are in it.")]


def export(
    *,
    out: Out,
    collection: options.AnyCollection = None,
    to: Format = None,
    where: options.Where = None,
    within: Within = None,
    vectors: WithVectors = True,
    as_json: options.Json = False,
) -> None:
    """Write a collection to a file, whole or not at all.

    \b
    Examples:
      sightline export photos.parquet --collection photos
      sightline export cheap.csv --no-vectors --filter '{"price": {"lt": 50}}'
      sightline export boots.txt --within '{"clusters": [3]}'
    """
    from sightline.cli.library.export.run import Order, run

    run(Order(out, to, where, within, with_vectors=vectors), collection, as_json=as_json)

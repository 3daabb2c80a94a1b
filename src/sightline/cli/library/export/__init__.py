"""`sightline export`: its options and help. Does not know how they are carried out."""

from typing import Annotated, Literal

import typer

from sightline.cli import options

Out = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="x.parquet, x.csv, x.jsonl, x.npz or x.duckdb; - is stdout.", show_default=False
    ),
]
Format = Annotated[
    Literal["parquet", "csv", "jsonl", "npz", "duckdb"] | None,
    typer.Option("--to", help="The format. Default: by the file's ending; of stdout jsonl."),
]
WithVectors = Annotated[bool, typer.Option("--vectors/--no-vectors", help="Whether vectors are in it.")]


def export(
    *,
    out: Out,
    collection: options.AnyCollection = None,
    to: Format = None,
    where: options.Where = None,
    vectors: WithVectors = True,
    as_json: options.Json = False,
) -> None:
    """Write a collection to a file, whole or not at all.

    \b
    Examples:
      sightline export photos.parquet --collection photos
      sightline export cheap.csv --no-vectors --filter '{"price": {"lt": 50}}'
    """
    from sightline.cli.library.export.run import Order, run

    run(Order(out, to, where, with_vectors=vectors), collection, as_json=as_json)

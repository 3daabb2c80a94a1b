"""`sightline embed`: its options and help. Does not know how they are carried out."""

from typing import Annotated

import typer

from sightline.cli import options

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATHS",
        help="Pictures and folders; with --text, files of lines. - is stdin.",
        show_default=False,
    ),
]
Out = Annotated[
    str,
    typer.Option("--out", "-o", metavar="FILE", help="x.npy, x.parquet, x.jsonl; - is JSON lines on stdout."),
]
IsText = Annotated[bool, typer.Option("--text", help="Embed lines of text instead of pictures.")]


def embed(
    *,
    paths: Paths,
    out: Out,
    model: options.Model = None,
    text: IsText = False,
    engine: options.Engine = None,
    precision: options.Precision = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Turn pictures or lines of text into vectors.

    Folders are searched for pictures at any depth; hidden files and links to folders are left out. From
    stdin, - reads one path per line, or with --text one text per line; blank lines are left out. A picture
    that cannot be read is named on stderr, the others are embedded, and the command exits with 3.

    x.npy holds float32 (N, dim), and x.ids.jsonl beside it the id of each row. x.parquet has the columns id
    and vector. x.jsonl has one {"id", "vector"} per line. Ids are the paths as found, or the lines. Vectors
    have length 1. A file is written whole or not at all, and replaces one of the same name.

    \b
    Examples:
      sightline embed photos/ --out photos.npy
      find . -name '*.jpg' | sightline embed - --out photos.parquet
      echo "a red dress" | sightline embed --text - --out -
    """
    from sightline.cli.embed.run import Order, run

    order = Order(paths, out, is_text=text, as_json=as_json)
    run(order, options.Chosen(model, engine, precision, device))

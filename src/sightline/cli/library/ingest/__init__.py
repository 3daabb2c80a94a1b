"""`sightline ingest`: its options and help. Does not know how they are carried out."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.failures import finish

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder, a table (.csv, .jsonl, .parquet) or a tar file of pictures.",
        show_default=False,
    ),
]
Collection = Annotated[
    str | None,
    typer.Option(
        "--collection",
        "-c",
        metavar="NAME",
        help="Where the pictures go; made if it is not there. Default: after the source's name.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A card's name, a checkpoint's folder or a hub id. Default: the collection's own; of a new "
        "one the first of SIGHTLINE_MODELS, or mini.",
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help=f"Where vectors are searched: {options.STORES}. "
        "Of a new library it is kept; else for this command only.",
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="GLOB", help="Only files whose names match; may be repeated."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="No files whose names match; may be repeated."),
]
Hidden = Annotated[bool, typer.Option("--hidden", help="Take names too that begin with a dot.")]
IdColumn = Annotated[
    str | None, typer.Option("--id-column", metavar="COLUMN", help="Of a table: what tells its rows apart.")
]
PictureColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--picture-column", metavar="COLUMN", help="Of a table: pictures' paths or URLs; may be repeated."
    ),
]
DataColumns = Annotated[
    list[str] | None,
    typer.Option("--data-column", metavar="COLUMN", help="Of a table: pictures' bytes; may be repeated."),
]
MetadataColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata-column",
        metavar="COLUMN",
        help="Of a table: kept with each item; may be repeated. Default: all others.",
    ),
]
ColumnTypes = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="COLUMN:TYPE",
        help="Of a table: a column holds number, boolean or text, and other cells in it are left out; may be "
        "repeated. Default: what all its cells are.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="Of a CSV or JSON lines file, as cp1252 or utf-16. Default: UTF-8."
    ),
]
Root = Annotated[
    str | None,
    typer.Option("--root", metavar="FOLDER", help="Of a table: what its paths are relative to."),
]
KeepMissing = Annotated[bool, typer.Option("--keep-missing", help="Keep items that the source has no more.")]
Name = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", help="By which the source is known when it moves. Default: its path."
    ),
]


def ingest(
    *,
    source: Source,
    collection: Collection = None,
    model: Model = None,
    store: Store = None,
    include: Include = None,
    exclude: Exclude = None,
    hidden: Hidden = False,
    id_column: IdColumn = None,
    picture_column: PictureColumns = None,
    data_column: DataColumns = None,
    metadata_column: MetadataColumns = None,
    column: ColumnTypes = None,
    encoding: Encoding = None,
    root: Root = None,
    keep_missing: KeepMissing = False,
    name: Name = None,
    detach: options.Detach = False,
    as_json: options.Json = False,
) -> None:
    """Take a folder, a table or a tar file of pictures into a collection.

    Repeat the command to bring the collection up to date: what it has costs nothing. What is interrupted goes
    on where it was with the next `sightline ingest` or `serve`. Exits with 3 if some pictures cannot be read.

    \b
    Examples:
      sightline ingest photos/
      sightline ingest catalogue.csv --collection shop --id-column sku --picture-column image
      sightline ingest photos/ --model clip-vit-b-32 --store qdrant://127.0.0.1:6333
    """
    from sightline.cli.library.ingest.run import Columns, Order, Table, run, types_of

    types = types_of(column or [])
    columns = Columns(id_column, picture_column or [], data_column or [], metadata_column, types)
    table = Table(columns, root, encoding)
    names = {"include": include or [], "exclude": exclude or [], "hidden": hidden, "name": name}
    order = Order(source, collection, {**names, "keep_missing": keep_missing}, table)
    finish(run(order, model, store, is_awaited=not detach, as_json=as_json))

"""`sightline collection ...`: its options and help. Does not know what collections hold."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.failures import finish

collection = typer.Typer(
    help="Collections of the library: list, show, create, re-embed, remove, remove-source, delete.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The collection's name.", show_default=False)]


@collection.command("list")
def list_collections(*, as_json: options.Json = False) -> None:
    """List all collections with their counts and models.

    \b
    Example:
      sightline collection list
    """
    from sightline.cli.library.collection import run

    run.show_all(as_json=as_json)


@collection.command()
def show(name: Name, *, as_json: options.Json = False) -> None:
    """Show a collection with the sources of its pictures.

    \b
    Example:
      sightline collection show shop
    """
    from sightline.cli.library.collection import run

    run.show(name, as_json=as_json)


@collection.command()
def create(name: Name, *, model: options.Model = None, as_json: options.Json = False) -> None:
    """Make an empty collection, bound to a model.

    \b
    Example:
      sightline collection create shop --model fashion-siglip
    """
    from sightline.cli.library.collection import run

    run.create(name, model, as_json=as_json)


@collection.command("re-embed")
def reembed(
    name: Name,
    *,
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="NAME", help="A card's name, a checkpoint's folder or a hub id."
        ),
    ],
    drop_unreadable: Annotated[
        bool, typer.Option("--drop-unreadable", help="Take out what cannot be read again.")
    ] = False,
    detach: options.Detach = False,
    as_json: options.Json = False,
) -> None:
    """Give a collection the vectors of another model. Until all are there it is searched as it was.

    \b
    Example:
      sightline collection re-embed shop --model fashion-siglip
    """
    from sightline.cli.library.collection import run

    request = {"model": model, "drops_unreadable": drop_unreadable}
    finish(run.reembed(name, request, is_awaited=not detach, as_json=as_json))


@collection.command()
def remove(
    name: Name,
    *,
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="Items' ids, as `search --json` shows them.", show_default=False
        ),
    ],
    as_json: options.Json = False,
) -> None:
    """Take items out of a collection. The pictures' files stay where they are.

    What is taken out comes back when its source is ingested again. Exits with 3 if an item is not there.

    \b
    Example:
      sightline collection remove shop 8d969eef6ecad3c29a3a629280e686cf
    """
    from sightline.cli.library.collection import run

    finish(run.remove(name, ids, as_json=as_json))


@collection.command("remove-source")
def remove_source(
    name: Name,
    *,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A source's name or path, from `collection show`.", show_default=False
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: options.Json = False,
) -> None:
    """Take all items of a source out of a collection. The pictures' files stay where they are.

    To take the source in again costs no forward pass.

    \b
    Example:
      sightline collection remove-source photos /media/old/photos --yes
    """
    from sightline.cli.library.collection import run

    run.remove_source(name, source, asks=not yes, as_json=as_json)


@collection.command()
def delete(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: options.Json = False,
) -> None:
    """Delete a collection with its items and jobs, and what came with requests and was kept.

    Files that were ingested stay where they are.

    \b
    Example:
      sightline collection delete shop --yes
    """
    from sightline.cli.library.collection import run

    run.delete(name, asks=not yes, as_json=as_json)

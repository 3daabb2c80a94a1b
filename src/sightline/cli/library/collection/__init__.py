"""`sightline collection ...`: its options and help. Does not know what collections hold."""

from typing import Annotated

import typer

from sightline.cli import options

collection = typer.Typer(
    help="Collections of the library: list, create, delete.",
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
def create(name: Name, *, model: options.Model = None, as_json: options.Json = False) -> None:
    """Make an empty collection, bound to a model.

    \b
    Example:
      sightline collection create shop --model fashion-siglip
    """
    from sightline.cli.library.collection import run

    run.create(name, model, as_json=as_json)


@collection.command()
def delete(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: options.Json = False,
) -> None:
    """Delete a collection with its items and jobs. The pictures' files stay where they are.

    \b
    Example:
      sightline collection delete shop --yes
    """
    from sightline.cli.library.collection import run

    if not yes:
        typer.confirm(f"Delete the collection {name!r} and all vectors in it?", abort=True, err=True)
    run.delete(name, as_json=as_json)

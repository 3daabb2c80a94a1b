"""`sightline duplicates`: its options and help. Does not know how they are carried out."""

from typing import Annotated, Literal

import typer

from sightline.cli import options

Threshold = Annotated[
    float,
    typer.Option("--threshold", min=0.0, max=1.0, help="The least cosine to the picture that is kept."),
]
Exact = Annotated[bool, typer.Option("--exact", help="The same bytes only.")]
Keep = Annotated[
    Literal["largest", "oldest", "first_by_path"],
    typer.Option("--keep", help="Which picture of a group is the one to keep."),
]


def duplicates(
    *,
    collection: options.AnyCollection = None,
    threshold: Threshold = 0.97,
    exact: Exact = False,
    keep: Keep = "largest",
    as_json: options.Json = False,
) -> None:
    """List pictures of which one would be enough. Removes nothing.

    Of each group the one to keep comes first. With --json each group is one object a line.

    \b
    Examples:
      sightline duplicates --collection photos
      sightline duplicates --exact --keep oldest --json
    """
    from sightline.cli.library.duplicates.run import run

    run(collection, "exact" if exact else str(threshold), keep, as_json=as_json)

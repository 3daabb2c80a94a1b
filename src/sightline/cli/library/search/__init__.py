"""`sightline search`: its options and help. Does not know how they are carried out."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli import options

Text = Annotated[
    str | None, typer.Argument(metavar="QUERY", help="What to look for, in words.", show_default=False)
]
Images = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="A picture to look for; may be repeated."),
]
Limit = Annotated[int, typer.Option("-k", "--limit", min=1, max=1000, help="How many hits.")]
Offset = Annotated[int, typer.Option("--offset", min=0, max=10_000, help="How many hits to skip.")]
MoreLike = Annotated[
    list[str] | None,
    typer.Option("--more-like", metavar="ITEM", help="An item's id or a picture's file; may be repeated."),
]
LessLike = Annotated[
    list[str] | None,
    typer.Option("--less-like", metavar="ITEM", help="As --more-like: hits shall be unlike it."),
]
GroupBy = Annotated[
    str | None,
    typer.Option("--group-by", metavar="FIELD", help="Of each value of this field only the best hit."),
]
Exact = Annotated[bool, typer.Option("--exact", help="Compare every vector, even where there is an index.")]
Opened = Annotated[bool, typer.Option("--open", help="Show the hits' pictures in the browser.")]


def search(
    *,
    query: Text = None,
    image: Images = None,
    collection: options.AnyCollection = None,
    limit: Limit = 10,
    offset: Offset = 0,
    more_like: MoreLike = None,
    less_like: LessLike = None,
    where: options.Where = None,
    group_by: GroupBy = None,
    exact: Exact = False,
    opened: Opened = False,
    as_json: options.Json = False,
) -> None:
    """Find the pictures of a collection that are most like words, pictures or items.

    What is given together is added up. A hit that does not stand out from the rest of the collection is
    marked weak. With --json each hit is one object a line: id, uri, score, metadata, weak. Why there are no
    hits, and which field of a filter no item has, is said on stderr.

    \b
    Examples:
      sightline search "a red dress" -k 5
      sightline search --image shoe.jpg --collection shop --filter '{"price": {"lt": 50}}'
      sightline search "a shoe" --less-like boot.jpg --open
    """
    from sightline.cli.library.search.run import Order, run

    likes = [*(str(path) for path in image or []), *(more_like or [])]
    order = Order(query, likes, less_like or [], where, group_by)
    page = {"k": limit, "offset": offset, "exact": exact}
    run(order, page, collection, is_opened=opened, as_json=as_json)

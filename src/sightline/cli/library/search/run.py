"""Carries out `sightline search`: a query to the library's server, hits to the screen. Compares nothing."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import typer

from sightline.cli.library.choice import the_collection
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.lag import caught_up
from sightline.cli.library.search.contact_sheet import open_sheet
from sightline.cli.screen import note, printable, show_table
from sightline.domain.errors import InvalidRequestError

LESS = -0.5  # at -1, two likes of the same thing would leave nothing to look for
COLUMNS = (">", ">score", "picture", "metadata")
METADATA_CHARACTERS = 60


@dataclass(frozen=True)
class Order:
    """What to look for, added up. more, less: items' ids and pictures' files. where: a filter, as JSON."""

    text: str | None
    more: Sequence[str]
    less: Sequence[str]
    where: str | None
    group_by: str | None

    def request(self) -> dict[str, object]:
        """Raises typer.BadParameter: nothing to look for, or no JSON; InvalidRequestError, OSError."""
        parts: list[dict[str, object]] = [] if self.text is None else [{"text": self.text}]
        parts += [_part(one) for one in self.more]
        parts += [{**_part(one), "weight": LESS} for one in self.less]
        if not parts:
            raise typer.BadParameter("say what to look for, in words or by --image", param_hint="'QUERY'")
        asked: dict[str, object] = {"query": parts, "group_by": self.group_by}
        return asked if self.where is None else {**asked, "filter": filter_of(self.where)}


def run(
    order: Order, page: Mapping[str, object], collection: str | None, *, is_opened: bool, as_json: bool
) -> None:
    request = {**order.request(), **page}
    with connected(Errand(collection)) as library:
        name = the_collection(library, collection)
        if library.is_ours:  # it has only just begun to follow
            caught_up(library, name)
        answer = library.post(f"/v1/collections/{name}/search", request)
        hits = answer["hits"]
        if is_opened and hits:
            open_sheet(order.text or "pictures like these", hits, library.read)
    if as_json:
        for hit in hits:
            told = {key: hit[key] for key in ("id", "uri", "score", "metadata", "weak")}
            typer.echo(json.dumps(told, ensure_ascii=False))
    elif hits and not is_opened:
        show_table(
            COLUMNS, [_row(place, hit) for place, hit in enumerate(hits, int(str(page["offset"])) + 1)]
        )
    for line in [*([] if hits else [f"no hits in {name}"]), *answer["notes"]]:
        note(printable(line))


def filter_of(text: str) -> dict[str, Any]:
    """Raises typer.BadParameter: it is no JSON object."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise typer.BadParameter(
            """give a JSON object, as '{"colour": "red", "price": {"lt": 50}}'""", param_hint="'--filter'"
        )
    return content


def _part(named: str) -> dict[str, object]:
    """A picture where a file is called so, else an item."""
    path = Path(named)
    if path.is_file():
        return {"image": b64encode(path.read_bytes()).decode("ascii")}
    if path.suffix or "/" in named:
        raise InvalidRequestError(f"there is no file {named!r}; give a picture or the id of an item")
    return {"item": named}


def _row(place: int, hit: Mapping[str, Any]) -> list[str]:
    score = f"{hit['score']:.3f}" + (" weak" if hit["weak"] else "")
    metadata = json.dumps(hit["metadata"], ensure_ascii=False) if hit["metadata"] else ""
    if len(metadata) > METADATA_CHARACTERS:
        metadata = metadata[: METADATA_CHARACTERS - 1] + "…"
    return [str(place), score, place_of(hit["uri"]) or hit["id"], metadata]


def place_of(uri: str) -> str:
    """A file's path, as people know it; another address as it is."""
    return unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri

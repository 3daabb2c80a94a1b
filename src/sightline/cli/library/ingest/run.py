"""Carries out `sightline ingest`: names a source to the library's server. Does not know how it is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import COLLECTION_NAME, RESERVED_NAME

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LETTER_FIRST = re.compile(r"[^a-z]*")


@dataclass(frozen=True)
class Wanted:
    """What the command's options say. options: of the request, by its own names."""

    source: str
    collection: str | None
    model: str | None
    store: str | None
    options: Mapping[str, object]


def run(wanted: Wanted, *, is_awaited: bool, as_json: bool) -> ExitCode:
    """Raises typer.BadParameter: no collection can be named after the source; SightlineError."""
    source = _absolute(wanted.source)
    collection = wanted.collection or named_after(source)
    root = wanted.options["root"]
    request = {
        **wanted.options,
        "source": source,
        "model": wanted.model,
        "root": _absolute(str(root)) if root else None,
    }
    errand = Errand(collection, model=wanted.model, store=wanted.store, runs_jobs=is_awaited)
    with connected(errand) as library:
        job = library.post(f"/v1/collections/{collection}/ingest", request)
        if not is_awaited:
            return kept(library, job, as_json=as_json)
        return awaited(library, job["id"], as_json=as_json)


def named_after(source: str) -> str:
    """A name that a collection can bear, like that of the folder or file."""
    name = Path(source).name.partition(".")[0].lower()
    like = _LETTER_FIRST.sub("", _NOT_IN_NAMES.sub("_", name), count=1).strip("_")[:63]
    if not COLLECTION_NAME.fullmatch(like) or RESERVED_NAME.fullmatch(like):
        raise typer.BadParameter(
            f"no collection can be named after {source!r}; give a name", param_hint="'--collection'"
        )
    return like


def _absolute(path: str) -> str:
    """The server has a folder of its own that it works in. An address on the web stays as it is."""
    if "://" in path:
        return path
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"{path!r} is not valid text; rename it, or name a link to it") from error
    return str(Path(path).expanduser().absolute())

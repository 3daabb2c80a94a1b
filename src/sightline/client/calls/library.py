"""Collections and what is in them: made, filled, searched, compared, exported. Does not know maps."""

from collections.abc import Iterable, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from urllib.parse import quote, urlencode

from sightline.client.answers import Added, Collection, Copy, Duplicates, Found, Hit, Item, Job, of, read
from sightline.client.calls.pictures import Picture, listed, parts, written
from sightline.client.exchange import answered, json_of
from sightline.client.steps import Facts, Request, Steps, get, in_json, post
from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import Metadata

FORMATS = ("csv", "duckdb", "ids", "jsonl", "npz", "parquet")
PAGE = 1000
MAX_QUERY_CHARACTERS = 60_000  # of 64 KiB that a server reads of an address and headers


def address(collection: str, *further: str) -> str:
    """The path of a collection, or of something below it."""
    return "/".join(("/v1/collections", quote(collection, safe=""), *further))


def collections() -> Steps[list[Collection]]:
    """All of them."""
    listing = json_of((yield from answered(get("/v1/collections"))))
    return [read(Collection, facts) for facts in of(listing, "collections")]


def create(name: str, *, model: str | None = None) -> Steps[Collection]:
    """A new collection, of the default model unless another is named."""
    reply = yield from answered(post("/v1/collections", _said(name=name, model=model)))
    return read(Collection, json_of(reply))


def describe(collection: str) -> Steps[Collection]:
    """Counts, space, store, index, sources and map of a collection."""
    return read(Collection, json_of((yield from answered(get(address(collection))))))


def delete(collection: str) -> Steps[None]:
    """Delete a collection with its items and jobs."""
    yield from answered(Request("DELETE", address(collection)))


def item(collection: str, id: str) -> Steps[Item]:
    """One item."""
    reply = yield from answered(get(address(collection, "items", quote(id, safe=""))))
    return read(Item, json_of(reply))


def remove(collection: str, ids: Iterable[str]) -> Steps[int]:
    """Take items out; how many were there."""
    reply = yield from answered(post(address(collection, "items", "remove"), {"ids": list(ids)}))
    return int(of(json_of(reply), "removed"))


def add(
    collection: str,
    images: Iterable[Picture],
    *,
    ids: Sequence[str] | None = None,
    metadata: Sequence[Metadata] | None = None,
    uris: Sequence[str] | None = None,
) -> Steps[Added]:
    """Put pictures in, in requests of some dozens: where one fails, those before it are in.

    ids, metadata, uris: one for each picture. Without an id it gets one by its content.
    """
    extras = {"id": ids, "metadata": metadata, "uri": uris}
    columns = {name: list(values) for name, values in extras.items() if values is not None}
    pictures = list(listed(images))
    for name, values in columns.items():
        if len(values) != len(pictures):
            raise InvalidRequestError(
                f"{len(values)} values of {name} for {len(pictures)} pictures; give as many"
            )
    rows = iter([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    added: list[str] = []
    is_searchable = True
    for part in parts(pictures):
        more = list(islice(rows, len(part))) or [{}] * len(part)
        items = [{"image": image} | row for image, row in zip(part, more, strict=True)]
        reply = json_of((yield from answered(post(address(collection, "items"), {"items": items}))))
        added += [str(of(one, "id")) for one in of(reply, "items")]
        is_searchable = bool(of(reply, "searchable"))
    return Added(added, is_searchable)


def ingest(
    collection: str,
    source: str | PathLike[str],
    *,
    name: str | None = None,
    model: str | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    hidden: bool = False,
    columns: Facts | None = None,
    root: str | None = None,
    encoding: str | None = None,
    keep_missing: bool = False,
) -> Steps[Job]:
    """Take in a folder, a table or a tar file on the server's machine; makes the collection if need be.

    The job goes on by itself: `wait` waits for its end. The guide to HTTP tells what the parameters mean.
    """
    content = _said(
        source=str(source), name=name, model=model, include=list(include), exclude=list(exclude),
        hidden=hidden, columns=columns, root=root, encoding=encoding, keep_missing=keep_missing,
    )  # fmt: skip
    return read(Job, json_of((yield from answered(post(address(collection, "ingest"), content)))))


def search(
    collection: str,
    *,
    text: str | None = None,
    image: Picture | None = None,
    item: str | None = None,
    vector: Iterable[float] | None = None,
    query: Sequence[Facts] | None = None,
    k: int = 10,
    offset: int = 0,
    filter: Facts | None = None,
    group_by: str | None = None,
    exact: bool = False,
    with_asked: bool = False,
    with_count: bool = False,
) -> Steps[Found]:
    """The items most like a text, a picture, an item's id or a vector.

    query: or several of them, as [{"text": "a shoe"}, {"image": "boot.jpg", "weight": -0.5}].
    filter: as {"colour": "red", "price": {"lt": 50}}. group_by: a field; of each value the best hit only.
    """
    asked = _part({"text": text, "image": image, "item": item, "vector": vector})
    content = asked | _said(
        query=None if query is None else [_part(part) for part in query],
        k=k, offset=offset, filter=filter, group_by=group_by,
        exact=exact, with_asked=with_asked, with_count=with_count,
    )  # fmt: skip
    reply = json_of((yield from answered(post(address(collection, "search"), content, is_safe=True))))
    return read(Found, reply, hits=[read(Hit, hit) for hit in of(reply, "hits")])


def duplicates(
    collection: str, *, threshold: float | str = 0.97, keep: str = "largest"
) -> Steps[list[Duplicates]]:
    """Items of which one is enough. threshold: the least cosine, or "exact". keep: oldest, first_by_path."""
    groups: list[Duplicates] = []
    offset: int | None = 0
    while offset is not None:
        path = address(collection, "duplicates")
        asked = get(path, threshold=threshold, keep=keep, offset=offset, limit=PAGE)
        page = json_of((yield from answered(_at_length(asked))))
        groups += [_group(facts) for facts in of(page, "groups")]
        offset = of(page, "next_offset")
    return groups


def export(
    collection: str,
    path: str | PathLike[str],
    *,
    format: str | None = None,
    filter: Facts | None = None,
    within: Facts | None = None,
    vectors: bool = True,
) -> Steps[Path]:
    """Write a collection, or what passes a filter, into a file; the file's name tells the format.

    within: what lies in a part of the map, as {"lasso": [{"op": "add", "polygon": [[0, 0], ...]}]}.
    """
    target = Path(path)
    kind = format or target.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise InvalidRequestError(f"{kind!r} is no format of an export; there are {', '.join(FORMATS)}")
    asked = get(
        address(collection, "export"), format=kind, filter=_json(filter), within=_json(within),
        vectors=None if vectors else False,
    )  # fmt: skip
    if (count := len(urlencode(asked.query))) > MAX_QUERY_CHARACTERS:
        raise InvalidRequestError(
            f"filter and within are {count} characters in an address, which may have {MAX_QUERY_CHARACTERS}; "
            "give a lasso of fewer corners, or fewer decimals"
        )
    yield from answered(_at_length(asked, into=target))
    return target


def _at_length(request: Request, into: Path | None = None) -> Request:
    return Request(
        request.method, request.path, request.query, is_safe=request.is_safe, is_long=True, into=into
    )


def _group(facts: Facts) -> Duplicates:
    copies = [
        Copy(read(Item, copy), float(of(copy, "score")), bool(of(copy, "exact")))
        for copy in of(facts, "copies")
    ]
    return Duplicates(read(Item, of(facts, "keeper")), copies)


def _part(part: Facts) -> dict[str, object]:
    """One part of a query, with its picture and its vector as JSON can have them."""
    found = {name: value for name, value in part.items() if value is not None}
    image = found.pop("image", None)
    if image is not None:
        text = written(image)
        found["image_url" if text.startswith(("http://", "https://")) else "image"] = text
    if "vector" in found:
        found["vector"] = [float(number) for number in found["vector"]]
    return found


def _said(**fields: object) -> dict[str, object]:
    """What was left out is not sent: an older server need not know of it."""
    return {
        name: value
        for name, value in fields.items()
        if not (value is None or value is False or (isinstance(value, list) and not value))
    }


def _json(value: Facts | None) -> str | None:
    return None if value is None else in_json(value)

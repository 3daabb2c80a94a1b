"""The shapes of requests that servers take, as a table. Does not know HTTP, pictures or texts.

Each shape follows what its server documents or reads: infinity 0.0.7x's POST /embeddings, immich's
machine-learning POST /predict, and CLIP-as-service's POST /post of its HTTP protocol.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

ITEM, ITEMS, MODEL = "$item", "$items", "$model"  # where these go
BOUNDARY = "sightline-bench"


class Item(Protocol):
    """A picture or a text."""

    def in_json(self) -> tuple[bytes, ...]:
        """What stands between the quotes of a JSON string: base64, or escaped text."""
        ...

    def plain(self) -> tuple[bytes, ...]: ...


@dataclass(frozen=True)
class Envelope:
    """A body, around its items; takes_lists: more than one may be put in."""

    path: str
    content_type: str
    head: bytes
    before: bytes
    after: bytes
    tail: bytes
    takes_lists: bool

    def body(self, items: Sequence[Item]) -> list[bytes]:
        """In pieces: pictures are large, and need not be copied to stand between others."""
        pieces = [self.head]
        is_json = self.content_type == "application/json"
        for number, item in enumerate(items):
            pieces.append(b"," + self.before if number else self.before)
            pieces += item.in_json() if is_json else item.plain()
            pieces.append(self.after)
        pieces.append(self.tail)
        return pieces


class Form(Protocol):
    """One kind of request; a model's name is filled in, or left out with its field."""

    def envelope(self, model: str | None) -> Envelope: ...


@dataclass(frozen=True)
class Json:
    """body: holds ITEM where the one item goes, or ITEMS where the list goes; item: one of the list."""

    path: str
    body: Mapping[str, object]
    item: object = ITEM

    def envelope(self, model: str | None) -> Envelope:
        named = {key: value for key, value in self.body.items() if model is not None or value != MODEL}
        text = _with_model(json.dumps(named), model)
        takes_lists = ITEMS in text
        if not takes_lists:
            head, _, tail = text.partition(ITEM)
            return Envelope(self.path, "application/json", head.encode(), b"", b"", tail.encode(), False)
        head, _, tail = text.partition(json.dumps(ITEMS))
        before, _, after = json.dumps(self.item).partition(ITEM)
        parts = (f"{head}[".encode(), before.encode(), after.encode(), f"]{tail}".encode())
        return Envelope(self.path, "application/json", *parts, takes_lists=True)


@dataclass(frozen=True)
class Upload:
    """A multipart form. name: of the field with the item; fields: what else is sent, as JSON."""

    path: str
    name: str
    is_file: bool = True
    fields: Mapping[str, object] = field(default_factory=dict)

    def envelope(self, model: str | None) -> Envelope:
        head = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            f"{_with_model(json.dumps(value), model)}\r\n"
            for name, value in self.fields.items()
        )
        file = '; filename="a.jpg"\r\nContent-Type: image/jpeg' if self.is_file else ""
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{self.name}"{file}\r\n\r\n'
        tail = f"\r\n--{BOUNDARY}--\r\n"
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return Envelope(self.path, kind, head.encode(), b"", b"", tail.encode(), takes_lists=False)


def _with_model(text: str, model: str | None) -> str:
    return text.replace(json.dumps(MODEL), json.dumps(model))


@dataclass(frozen=True)
class Shape:
    """How one server is asked for vectors of pictures and of texts; None where it cannot be."""

    picture: Form | None = None
    text: Form | None = None
    needs_model: bool = False

    @property
    def forms(self) -> dict[str, Form]:
        return {kind: form for kind, form in (("picture", self.picture), ("text", self.text)) if form}

    @property
    def usual(self) -> str:
        """The kind that is sent where nobody says."""
        return next(iter(self.forms))


DATA_URI = f"data:image/jpeg;base64,{ITEM}"

_TEXT = Json("/embed/text", {"text": ITEM})
_OPENAI = Shape(
    picture=Json("/v1/embeddings", {"model": MODEL, "input": ITEMS}, {"image": DATA_URI}),
    text=Json("/v1/embeddings", {"model": MODEL, "input": ITEMS}),
)

OURS: dict[str, Shape] = {
    "/embed-image": Shape(picture=Upload("/embed-image", "file"), text=_TEXT),
    "/embed/image": Shape(picture=Upload("/embed/image", "file"), text=_TEXT),
    "/embed/text": Shape(text=_TEXT),
    "/embed/text/batch": Shape(text=Json("/embed/text/batch", {"texts": ITEMS})),
    "/api/ai/embed": Shape(picture=Json("/api/ai/embed", {"image_url": DATA_URI})),
    "/v1/embeddings": _OPENAI,
}

PEERS: dict[str, Shape] = {
    "openai": _OPENAI,
    "infinity": Shape(
        picture=Json("/embeddings", {"model": MODEL, "modality": "image", "input": ITEMS}, DATA_URI),
        text=Json("/embeddings", {"model": MODEL, "input": ITEMS}),
    ),
    "immich": Shape(
        picture=Upload("/predict", "image", fields={"entries": {"clip": {"visual": {"modelName": MODEL}}}}),
        text=Upload(
            "/predict",
            "text",
            is_file=False,
            fields={"entries": {"clip": {"textual": {"modelName": MODEL}}}},
        ),
        needs_model=True,
    ),
    "clip-as-service": Shape(
        picture=Json("/post", {"data": ITEMS, "execEndpoint": "/"}, {"blob": ITEM}),
        text=Json("/post", {"data": ITEMS, "execEndpoint": "/"}, {"text": ITEM}),
    ),
    "multipart": Shape(picture=Upload("", "file")),  # wherever the address itself points
}

"""The shapes of requests, and of answers as documented. Does not know what happens to them.

Requests are validated against these. Answers are not: they are ours, and checking 512 floats one by one would
cost more than sending them.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from sightline.domain.errors import InvalidRequestError
from sightline.web.errors import RefusedError

# a grey pixel: "try it out" in /docs must work
EXAMPLE_PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
PICTURE = {
    "type": "string",
    "description": "a data URI, bare base64, or a URL if the server reads any",
}
CONTENT = {
    "oneOf": [
        {"type": "string"},
        {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        {"type": "object", "properties": {"image": PICTURE}, "required": ["image"]},
        {
            "type": "object",
            "properties": {
                "type": {"const": "image_url"},
                "image_url": {"type": "object", "properties": {"url": PICTURE}, "required": ["url"]},
            },
            "required": ["type", "image_url"],
        },
    ]
}
INPUT = {"oneOf": [*CONTENT["oneOf"], {"type": "array", "items": CONTENT, "minItems": 1}]}
MESSAGES = {
    "type": ["array", "null"],
    "items": {"type": "object"},
    "description": "vLLM's form: one message, one content part",
}
VECTOR = {"type": "array", "items": {"type": "number"}}

Vector = Annotated[Any, WithJsonSchema(VECTOR)]


class EmbeddingsRequest(BaseModel):
    """OpenAI's, with pictures. `input` is read item by item in web/openai.py, so that each can fail alone.

    null is as good as absent everywhere: LiteLLM sends it for what its caller left out.
    """

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {"model": "mini", "input": "a red dress"},
                {
                    "model": "mini",
                    "input": [{"text": "a red dress"}, {"image": EXAMPLE_PICTURE}],
                },
            ]
        },
    )
    model: str | None = Field(None, description="a name of GET /v1/models; the default model if absent")
    input: Annotated[Any, WithJsonSchema(INPUT)] = None
    messages: Annotated[Any, WithJsonSchema(MESSAGES)] = None
    modality: Literal["text", "image"] | None = Field(
        "text", description="what the strings in `input` are (infinity's)"
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        "float", description="base64: little-endian float32"
    )
    dimensions: int | None = Field(
        None, description="no model here can be shortened: its own dim, 0 (infinity's), or absent"
    )
    on_error: Literal["fail", "item"] | None = Field(
        "fail", description="item: a bad item gets its own error, the rest vectors"
    )


class TextRequest(BaseModel):
    model_config = ConfigDict(strict=True, json_schema_extra={"examples": [{"text": "a red dress"}]})
    text: str


class TextsRequest(BaseModel):
    model_config = ConfigDict(
        strict=True, json_schema_extra={"examples": [{"texts": ["a red dress", "a blue mug"]}]}
    )
    texts: list[str] = Field(min_length=1)


class ImageUrlRequest(BaseModel):
    model_config = ConfigDict(strict=True, json_schema_extra={"examples": [{"image_url": EXAMPLE_PICTURE}]})
    image_url: str


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class ErrorAnswer(BaseModel):
    error: ErrorDetail


class EmbeddingItem(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: Vector | str | None = Field(
        description="null, with `error`, where on_error is item and this one failed"
    )
    error: ErrorDetail | None = None


class Usage(BaseModel):
    prompt_tokens: int = Field(description="ids of texts without padding, and patches of pictures")
    total_tokens: int


class EmbeddingsAnswer(BaseModel):
    object: Literal["list"]
    model: str
    data: list[EmbeddingItem]
    usage: Usage


class ModelAnswer(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    dim: int
    modalities: list[str]
    image_size: int
    engine: str
    device: str
    precision: str
    fingerprint: str


class ModelsAnswer(BaseModel):
    object: Literal["list"]
    data: list[ModelAnswer]


class StockAnswer(BaseModel):
    embedding: Vector
    model: str
    device: str


class TunedAnswer(BaseModel):
    embedding: Vector
    dim: int
    model: str


class TunedBatchAnswer(BaseModel):
    embeddings: Annotated[Any, WithJsonSchema({"type": "array", "items": VECTOR})]
    dim: int
    model: str


class FashionAnswer(BaseModel):
    embedding: Vector
    dimension: int


class Body(BaseModel):
    """What is common to our own requests: nothing unknown, and no number written as text or as true."""

    model_config = ConfigDict(extra="forbid", strict=True)


M = TypeVar("M", bound=BaseModel)


def parsed(schema: type[M], content: dict[str, object]) -> M:
    """The content as a request of this shape. Raises RefusedError: it has another; names the field."""
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = f"{place}: {first['msg']}"
        if first["type"] == "extra_forbidden":
            message = unknown("field", str(first["loc"][-1]), _fields(schema))
        raise RefusedError("invalid_request", message, param=place) from None


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """What is said of a name that nobody knows."""
    names = sorted(known)
    if nearest := get_close_matches(name, names, n=1):
        return f"there is no {what} {name[:40]!r}; did you mean {nearest[0]!r}?"
    return f"there is no {what} {name[:40]!r}; there are {', '.join(names) or 'none'}"


def _fields(schema: type[BaseModel]) -> set[str]:
    """Of the request and of what it is made of."""
    shape = schema.model_json_schema()
    shapes = [shape, *shape.get("$defs", {}).values()]
    return {name for one in shapes for name in one.get("properties", {})}


def within(texts: list[str], max_items: int, max_chars: int) -> list[str]:
    """The texts, if they are neither too many, too long nor empty. Raises InvalidRequestError."""
    if len(texts) > max_items:
        raise InvalidRequestError(
            f"the list has {len(texts)} items; the limit is {max_items}: send less at once"
        )
    for text in texts:
        check_text(text, max_chars)
    return texts


def check_text(text: str, max_chars: int) -> None:
    """Raises InvalidRequestError: nothing to embed, or too much to read."""
    if not text.strip():
        raise InvalidRequestError("a text is empty; send at least one word")
    if len(text) > max_chars:
        raise InvalidRequestError(f"a text has {len(text)} characters; the limit is {max_chars}: shorten it")


def documented(request: type[BaseModel]) -> dict[str, object]:
    """The request's shape for a route that reads its own body."""
    shape = request.model_json_schema()
    parts = shape.pop("$defs", {})
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _in_place(shape, parts)}},
        }
    }


def _in_place(shape: Any, parts: Mapping[str, Any]) -> Any:
    """The shape with each part where it is referred to: a document holds no definitions but its own."""
    if isinstance(shape, list):
        return [_in_place(one, parts) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        rest = {name: one for name, one in shape.items() if name != "$ref"}
        return _in_place(parts[shape["$ref"].removeprefix("#/$defs/")], parts) | rest
    return {name: _in_place(one, parts) for name, one in shape.items()}


def documented_upload() -> dict[str, object]:
    """A picture as multipart, as JSON, or as it is."""
    form = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
    text = {"type": "object", "properties": {"image": PICTURE}, "required": ["image"]}
    raw = {"type": "string", "format": "binary"}
    kinds = {"multipart/form-data": form, "application/json": text, "application/octet-stream": raw}
    return {
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": shape} for kind, shape in kinds.items()},
        }
    }

"""OpenAI's embeddings and models, with pictures. Does not know how vectors are made."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sightline.domain.errors import InputError, InvalidRequestError
from sightline.services.embedding import Embedded, EmbeddingService
from sightline.services.jobs import Text
from sightline.settings import Settings
from sightline.web.answers import base64_floats, json_answer, vectors_answer
from sightline.web.asking import vectors, vectors_or_errors
from sightline.web.downloads import Sent
from sightline.web.errors import RefusedError, error_body
from sightline.web.schemas import (
    EmbeddingsAnswer,
    EmbeddingsRequest,
    ErrorAnswer,
    ModelAnswer,
    ModelsAnswer,
    check_text,
    documented,
    parsed,
)
from sightline.web.state import ServerState, service_for, state_of
from sightline.web.uploads import picture_of, read_json

# FastAPI makes a validator of every model that a route names, one by one: with ten of each route the first
# request of a server waited 0.4 s for them. Named once, the others can point at it.
_ERROR = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    **dict.fromkeys((400, 401, 404, 413, 415, 429, 500, 503, 504), _ERROR),
    "default": {"model": ErrorAnswer},
}

router = APIRouter(tags=["OpenAI"], responses=ERRORS)


@router.post(
    "/v1/embeddings",
    summary="Vectors of texts and pictures",
    responses={200: {"model": EmbeddingsAnswer}},
    openapi_extra=documented(EmbeddingsRequest),
)
async def create_embeddings(request: Request) -> Response:
    service_for(request, None)  # a loading server says so before it reads the body
    asked = parsed(EmbeddingsRequest, await read_json(request))
    state = state_of(request)
    service = state.served.get(asked.model)
    _check_dimensions(asked, service)
    items = [_item(content, asked.modality, state.settings) for content in _contents(asked, state.settings)]
    embed = vectors_or_errors if asked.on_error == "item" else vectors
    results = await embed(request, service, items)
    name, encoding = service.model.card.name, asked.encoding_format
    return vectors_answer(request, lambda: _listed(name, results, encoding))


@router.get("/v1/models", summary="What is served", responses={200: {"model": ModelsAnswer}})
async def list_models(request: Request) -> Response:
    state = state_of(request)
    state.served.get()  # an empty list would be a lie while they load
    data = [_described(state.served.get(name), state) for name in state.served.names]
    return json_answer({"object": "list", "data": data})


@router.get("/v1/models/{model:path}", summary="One model", responses={200: {"model": ModelAnswer}})
async def get_model(request: Request, model: str) -> Response:
    state = state_of(request)
    return json_answer(_described(state.served.get(model), state))


def _described(service: EmbeddingService, state: ServerState) -> dict[str, object]:
    model = service.model
    return {
        "id": model.card.name,
        "object": "model",
        "created": int(state.started_at),
        "owned_by": "sightline",
        "dim": model.dim,
        "modalities": ["image", "text"] if model.embeds_text else ["image"],
        "image_size": model.card.image.size_px,
        "engine": model.engine.name,
        "device": model.engine.device,
        "precision": model.engine.precision,
        "fingerprint": model.fingerprint,
    }


def _check_dimensions(asked: EmbeddingsRequest, service: EmbeddingService) -> None:
    dim = service.model.dim
    if asked.dimensions not in (None, 0, dim):  # infinity's clients send 0 for "as the model has it"
        name = service.model.card.name
        message = f"dimensions is {asked.dimensions}, but {name} makes vectors of {dim} only; leave it out"
        raise RefusedError("invalid_request", message, param="dimensions")


def _contents(asked: EmbeddingsRequest, settings: Settings) -> Sequence[object]:
    """The items of a request, one by one, whichever of the ways to send them was taken."""
    if asked.messages is not None:
        if asked.input is not None:
            raise RefusedError("invalid_request", "send either input or messages, not both", param="messages")
        return _message_parts(asked.messages)
    contents = asked.input if isinstance(asked.input, list) else [asked.input]
    if asked.input is None or not contents:
        raise RefusedError(
            "invalid_request", "input is empty; send at least one text or picture", param="input"
        )
    if len(contents) > settings.max_items:
        message = f"input has {len(contents)} items; the limit is {settings.max_items}: send less at once"
        raise RefusedError("invalid_request", message, param="input")
    return contents


def _message_parts(messages: object) -> Sequence[object]:
    """The one content part of vLLM's one message: a joint vector of several is not made here."""
    parts: list[object] = []
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        parts += content if isinstance(content, list) else [content]
    if len(parts) != 1:
        text = f"messages hold {len(parts)} parts; one vector is made of one text or one picture: send one"
        raise RefusedError("invalid_request", text, param="messages")
    return parts


def _item(content: object, modality: str | None, settings: Settings) -> Sent:
    """What one entry asks for, or why it cannot be read: the others may still be answered."""
    try:
        if isinstance(content, str):
            return picture_of(content, settings) if modality == "image" else _text(content, settings)
        if isinstance(content, dict):
            if isinstance(content.get("text"), str):
                return _text(content["text"], settings)
            url = content.get("image", content.get("image_url"))
            if isinstance(url, dict):
                url = url.get("url")
            if isinstance(url, str):
                return picture_of(url, settings)
        if isinstance(content, int | list):
            raise InvalidRequestError(
                "token ids are not read here: their meaning differs by model; send the text "
                "(LangChain does with check_embedding_ctx_length=False)"
            )
        raise InvalidRequestError(
            'an item must be a text, {"text": ...} or {"image": URL, data URI or base64}'
        )
    except InputError as error:
        return error


def _text(text: str, settings: Settings) -> Text:
    check_text(text, settings.max_text_chars)
    return Text(text)


def _listed(name: str, results: Sequence[Embedded | Exception], encoding: str | None) -> Mapping[str, object]:
    data = [_entry(index, result, encoding) for index, result in enumerate(results)]
    tokens = sum(result.tokens for result in results if isinstance(result, Embedded))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": name, "data": data, "usage": usage}


def _entry(index: int, result: Embedded | Exception, encoding: str | None) -> Mapping[str, object]:
    if isinstance(result, Exception):
        return {"object": "embedding", "index": index, "embedding": None, "error": error_body(result)}
    vector = base64_floats(result.vector) if encoding == "base64" else result.vector
    return {"object": "embedding", "index": index, "embedding": vector}

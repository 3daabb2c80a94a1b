"""The routes of systems that people built before: their clients work unchanged. Does not know models."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from sightline.services.embedding import Embedded, EmbeddingService
from sightline.services.jobs import Text
from sightline.version import VERSION
from sightline.web.answers import json_answer, vectors_answer
from sightline.web.asking import vectors
from sightline.web.downloads import Sent
from sightline.web.openai import ERRORS
from sightline.web.page import page, wants_html
from sightline.web.schemas import (
    FashionAnswer,
    ImageUrlRequest,
    StockAnswer,
    TextRequest,
    TextsRequest,
    TunedAnswer,
    TunedBatchAnswer,
    documented,
    documented_upload,
    parsed,
    within,
)
from sightline.web.state import service_for, state_of
from sightline.web.uploads import picture_of, read_json, read_picture

router = APIRouter(responses=ERRORS)

ABOUT = "Pictures and text to vectors. Errors have one shape: `{error: {message, type, param, code}}`."

ROUTES = {
    "POST /v1/embeddings": "texts and pictures, as OpenAI",
    "GET /v1/models": "what is served",
    "POST /embed-image": "one picture, multipart field `file`",
    "POST /embed/image": "one picture, multipart field `file` or JSON",
    "POST /embed/text": "one text",
    "POST /embed/text/batch": "several texts",
    "POST /api/ai/embed": "one picture, by its URL or as a data URI",
    "GET /v1/collections": "collections: made, filled from a source or item by item, searched",
    "GET /v1/collections/{name}/map": "where all items lie, in clusters: drawn, coloured, selected from",
    "GET /v1/jobs": "ingestions: how far they are, as events too",
    "POST /datasets/{name}/embeddings/generate": "embed a data set in the background",
    "GET /v1/slo": "error budgets: what was promised, and how it fares",
    "GET /docs": "all routes, their requests and answers",
    "GET /livez": "whether the process lives",
    "GET /readyz": "whether it can answer now",
    "GET /metrics": "what it did, for Prometheus",
}


@router.post(
    "/embed-image",
    tags=["stock"],
    summary="Vector of an uploaded picture",
    responses={200: {"model": StockAnswer}},
    openapi_extra=documented_upload(),
)
async def embed_stock_image(request: Request) -> Response:
    service = service_for(request, state_of(request).settings.stock_model)
    result = await _one(request, service, await read_picture(request))
    model = service.model
    facts = {"model": model.card.name, "device": model.engine.device}
    return vectors_answer(request, lambda: {"embedding": result.vector, **facts})


@router.post(
    "/embed/image",
    tags=["tuned embedder"],
    summary="Vector of a picture",
    responses={200: {"model": TunedAnswer}},
    openapi_extra=documented_upload(),
)
async def embed_tuned_image(request: Request) -> Response:
    service = service_for(request, state_of(request).settings.tuned_model)
    return _tuned(request, service, await _one(request, service, await read_picture(request)))


@router.post(
    "/embed/text",
    tags=["tuned embedder"],
    summary="Vector of a text",
    responses={200: {"model": TunedAnswer}},
    openapi_extra=documented(TextRequest),
)
async def embed_tuned_text(request: Request) -> Response:
    settings = state_of(request).settings
    service = service_for(request, settings.tuned_model)
    text = parsed(TextRequest, await read_json(request)).text
    within([text], settings.max_items, settings.max_text_chars)
    return _tuned(request, service, await _one(request, service, Text(text)))


@router.post(
    "/embed/text/batch",
    tags=["tuned embedder"],
    summary="Vectors of several texts",
    responses={200: {"model": TunedBatchAnswer}},
    openapi_extra=documented(TextsRequest),
)
async def embed_tuned_texts(request: Request) -> Response:
    state = state_of(request)
    service = service_for(request, state.settings.tuned_model)
    texts = parsed(TextsRequest, await read_json(request)).texts
    within(texts, state.settings.max_items, state.settings.max_text_chars)
    found = await vectors(request, service, [Text(text) for text in texts])
    rows = [one.vector for one in found]
    facts = {"dim": service.model.dim, "model": service.model.card.name}
    return vectors_answer(request, lambda: {"embeddings": rows, **facts})


@router.post(
    "/api/ai/embed",
    tags=["fashion"],
    summary="Vector of a picture by its address",
    responses={200: {"model": FashionAnswer}},
    openapi_extra=documented(ImageUrlRequest),
)
async def embed_fashion_image(request: Request) -> Response:
    settings = state_of(request).settings
    service = service_for(request, settings.fashion_model)
    url = parsed(ImageUrlRequest, await read_json(request)).image_url
    result = await _one(request, service, picture_of(url, settings))
    return vectors_answer(request, lambda: {"embedding": result.vector, "dimension": service.model.dim})


@router.get("/", summary="What this server is; a page for a browser")
async def show_service(request: Request) -> Response:
    state = state_of(request)
    if wants_html(dict(request.scope["headers"])):
        return page()
    facts = {"service": "sightline", "version": VERSION, "status": state.status}
    return json_answer({**facts, "models": state.served.names, "routes": ROUTES})


async def _one(request: Request, service: EmbeddingService, sent: Sent) -> Embedded:
    return (await vectors(request, service, [sent]))[0]


def _tuned(request: Request, service: EmbeddingService, result: Embedded) -> Response:
    facts = {"dim": service.model.dim, "model": service.model.card.name}
    return vectors_answer(request, lambda: {"embedding": result.vector, **facts})

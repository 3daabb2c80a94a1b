"""The library as a whole: where it is, and whether its views hold what its record does. Knows no store."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from sightline.web.answers import json_answer
from sightline.web.library import library_of
from sightline.web.openai import ERRORS
from sightline.web.state import state_of

router = APIRouter(tags=["collections"], responses=ERRORS)


@router.get("/v1/library", summary="Which store and which models the library works with")
async def get_library(request: Request) -> Response:
    views = library_of(request).views
    store = {"name": views.store.name, "address": views.address}
    return json_answer({"store": store, "models": state_of(request).served.names})

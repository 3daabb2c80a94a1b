"""Which store the views are in, and changing it. Does not know the stores."""

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict
from starlette.responses import Response

from sightline.web.answers import json_answer
from sightline.web.errors import RefusedError
from sightline.web.library import at_length, is_owner, library_of
from sightline.web.openai import ERRORS
from sightline.web.parameters import require_known
from sightline.web.schemas import Body, documented, parsed
from sightline.web.uploads import read_json

router = APIRouter(tags=["collections"], responses=ERRORS, dependencies=[Depends(require_known)])


class SwitchRequest(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "qdrant://127.0.0.1:6333"}]})
    to: str


@router.get("/v1/store", summary="Where vectors are searched")
async def get_store(request: Request) -> Response:
    return json_answer(library_of(request).store())


@router.post("/v1/store", summary="Search in another store", openapi_extra=documented(SwitchRequest))
async def switch_store(request: Request) -> Response:
    """Answers when the other is filled from the record; for whoever may read the library's folder."""
    library = library_of(request)
    require_owner(request)
    asked = parsed(SwitchRequest, await read_json(request))
    await at_length(request, lambda: library.switch_store(asked.to))
    return json_answer(library.store())


def require_owner(request: Request) -> None:
    """Raises RefusedError."""
    if not is_owner(request):
        raise RefusedError(
            "source_forbidden",
            "only who can read the library's folder may do this; use the command line on its machine",
        )

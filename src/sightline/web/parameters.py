"""The parameters of an address: how many of a list, and none that is not known. Does not know routes."""

from inspect import signature
from typing import Annotated

from fastapi import Query, Request

from sightline.web.errors import RefusedError
from sightline.web.schemas import unknown

MAX_PAGE = 1000
MAX_OFFSET = 2**31 - 1  # what every database counts to

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="how many to skip")]


async def require_known(request: Request) -> None:
    """For routers whose routes name all that they read. Raises RefusedError: a parameter that they do not."""
    if not request.query_params:
        return
    route = request.scope["route"]
    known = set(signature(route.endpoint).parameters) - set(route.param_convertors) - {"request"}
    for name in request.query_params:
        if name not in known:
            raise RefusedError("invalid_request", unknown("parameter", name, known), param=name[:40])

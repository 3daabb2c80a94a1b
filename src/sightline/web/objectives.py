"""Which requests spend an error budget, and whose. Does not know how the budgets are kept or told."""

from collections.abc import Iterator

from starlette.types import Scope

from sightline.observe.budget import ErrorBudgets, Objective
from sightline.settings import RouteGroup, Settings

# Whoever adds a route that does work for a client gives it a group here. Probes, lists and pages have none.
GROUPS: dict[str, RouteGroup] = {
    "/v1/embeddings": "embed",
    "/embed-image": "embed",
    "/embed/image": "embed",
    "/embed/text": "embed",
    "/embed/text/batch": "embed",
    "/api/ai/embed": "embed",
    "/v1/collections/{name}/search": "search",
    "/v1/collections/{name}/map/select": "search",
    "/v1/collections/{name}/map/items": "search",
    "/v1/collections/{name}/map/rows": "search",
    "/v1/collections": "ingest",
    "/v1/collections/{name}/items": "ingest",
    "/v1/collections/{name}/items/remove": "ingest",
    "/v1/collections/{name}/ingest": "ingest",
    "/v1/collections/{name}/re-embed": "ingest",
    "/v1/collections/{name}/map": "ingest",
    "/v1/store": "ingest",
    "/v1/library/repair": "ingest",
    "/v1/backup": "ingest",
    "/v1/jobs/{job}/pause": "ingest",
    "/v1/jobs/{job}/resume": "ingest",
    "/v1/jobs/{job}/cancel": "ingest",
    "/v1/jobs/{job}/retry": "ingest",
    "/datasets/{name}/embeddings/generate": "ingest",
}
FAST_SHARE = 0.95  # slo_p95_ms is a 95th percentile: this share of the answers shall be as fast


def budgets_for(settings: Settings) -> ErrorBudgets:
    """Two budgets for every group: of requests that are answered, and of answers that are fast."""
    return ErrorBudgets(_objectives(settings), window_days=settings.slo_window_days)


def _objectives(settings: Settings) -> Iterator[Objective]:
    for group, p95_ms in settings.slo_p95_ms.items():
        yield Objective(group, "availability", settings.slo_availability)
        yield Objective(group, "latency", FAST_SHARE, within_ms=p95_ms)


def count(budgets: ErrorBudgets, scope: Scope, status: int, seconds: float) -> None:
    """A request has ended; status: as logged, 499 where the client left, 0 where it got no answer at all.

    Why which status counts: docs/adr/0021-what-spends-the-error-budget.md.
    """
    group = _group_of(scope)
    is_failure = status >= 500 or status in (0, 429)
    is_answered = 200 <= status < 400
    if group is not None and (is_failure or is_answered):
        budgets.record(group, is_answered=is_answered, seconds=seconds)


def _group_of(scope: Scope) -> RouteGroup | None:
    """By the route that was taken, or by the path where a request was refused before a route was sought."""
    return GROUPS.get(str(getattr(scope.get("route"), "path", scope["path"])))

"""How the error budgets fare, as JSON. Does not know what spends them."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from sightline.observe.budget import ErrorBudget, Sli
from sightline.web.answers import json_answer
from sightline.web.openai import ERRORS
from sightline.web.state import state_of

router = APIRouter(tags=["operating"], responses=ERRORS)


class BudgetAnswer(BaseModel):
    group: str
    sli: Sli
    objective: float = Field(description="share of events that shall be good")
    within_ms: float | None = Field(description="a slower answer is bad; null where time does not matter")
    good: int
    bad: int
    budget_left: float = Field(description="1: all, 0: none, less: more went wrong than may")
    burn_rate: dict[str, float] = Field(
        description="by window; at 1 the budget lasts just as long as the objective's window",
        examples=[{"5m": 0.0, "1h": 0.0, "6h": 0.4, "3d": 0.9}],
    )


class SloAnswer(BaseModel):
    window_days: int = Field(description="the rolling window of good, bad and budget_left")
    counted_s: float = Field(
        description="seconds of it that this process has seen; before that it knows nothing"
    )
    budgets: list[BudgetAnswer]


@router.get("/v1/slo", summary="Error budgets", responses={200: {"model": SloAnswer}})
async def show_budgets(request: Request) -> Response:
    budgets = state_of(request).budgets
    return json_answer(
        {
            "window_days": budgets.window_days,
            "counted_s": round(budgets.counted_s, 1),
            "budgets": [_told(budget) for budget in budgets],
        }
    )


def _told(budget: ErrorBudget) -> dict[str, object]:
    objective, events = budget.objective, budget.events()
    return {
        "group": objective.group,
        "sli": objective.sli,
        "objective": objective.share,
        "within_ms": objective.within_ms,
        "good": events.good,
        "bad": events.bad,
        "budget_left": budget.left(),
        "burn_rate": budget.burn_rates(),
    }

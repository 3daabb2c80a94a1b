"""How a call becomes a method of a client: its name, text and signature. Does not know how it is sent."""

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, get_args

STEPS = "Steps["  # of an annotation that names what only type checkers import


def documented(method: Callable[..., Any], ask: Callable[..., Any]) -> None:
    """Give a method what help() and notebooks show of the call it carries out."""
    update_wrapper(method, ask)
    asked = inspect.signature(ask)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # functions have it all the same
        [itself, *asked.parameters.values()], return_annotation=_result(asked.return_annotation)
    )


def _result(steps: Any) -> Any:
    """What a call gives in the end, of what it gives step by step."""
    if isinstance(steps, str):
        return steps.removeprefix(STEPS).removesuffix("]")
    return get_args(steps)[-1]

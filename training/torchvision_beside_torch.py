"""Lets torchvision be imported beside a torch of another build. Does not know who imports it, nor why."""

from functools import cache

import torch

_OPERATORS = ("nms", "qnms")


@cache  # torch refuses to have an operator defined twice
def make_torchvision_importable() -> None:
    """Define what torchvision's compiled part did not: call it before transformers or open_clip is imported.

    transformers imports torchvision wherever it is installed, open_clip needs it, and neither calls these two
    operators. A compiled part that fits another torch (CUDA beside a CPU build, most often) does not load,
    and the import ends with "operator torchvision::nms does not exist". One that fits is left alone.
    """
    try:
        import torchvision  # noqa: F401
    except ImportError:
        return  # not installed, and not needed by transformers
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
        for name in _OPERATORS:
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )

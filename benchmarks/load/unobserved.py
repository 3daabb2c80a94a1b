"""`sightline serve` with metrics that count nothing: python -m benchmarks.load.unobserved serve ...

Metrics cannot be turned off; what they cost can be known only so. Does not know what is measured.
"""

from sightline.cli import main
from sightline.observe.metrics import Metrics

SILENT = ("stage", "picture", "batch", "dispatched", "dropped", "request_began", "request_ended", "cached")


def nothing(*_: object, **__: object) -> None:
    """Takes what every counter takes."""


if __name__ == "__main__":
    for name in SILENT:
        setattr(Metrics, name, nothing)
    main()

"""URLs of every kind, with what must become of them. Knows nothing of what judges them."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Vector:
    """verdict: spelled, inside or public. url: with {port} where a sink's belongs."""

    verdict: str
    url: str

    def at(self, port: int) -> str:
        return self.url.replace("{port}", str(port))


def vectors() -> list[Vector]:
    found = []
    for line in (HERE / "urls.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            verdict, url = line.split("  ", 1)
            found.append(Vector(verdict, url.encode("ascii").decode("unicode_escape")))
    return found


def names() -> dict[str, list[str]]:
    lines = (HERE / "names.txt").read_text().splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if not line.startswith("#")}


def addresses_of(name: str) -> list[str] | None:
    """None for a name that nobody knows."""
    known = names()
    labels = name.rstrip(".").lower().split(".")
    return next(
        (known[below] for at in range(len(labels)) if (below := ".".join(labels[at:])) in known), None
    )

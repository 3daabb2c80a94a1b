"""A table of what searches took, and the bars beside it. Does not know how it was measured."""

from datetime import date
from pathlib import Path

from benchmarks import host
from benchmarks.bars import bar

RESULTS = Path(__file__).parent / "results-search.md"

Figures = dict[str, float]
Run = tuple[int, str]  # rows, and the way they were searched

BARS = {
    (100_000, "scan"): [("one client: p50, ms", "<= 10"), ("recall@10", ">= 0.95")],
    (1_000_000, "scan"): [
        ("one client: p50, ms", "<= 25"),
        ("recall@10", ">= 0.95"),
        ("restarted and answering, s", "<= 10"),
    ],
    (1_000_000, "index"): [
        ("one client: p50, ms", "<= 8"),
        ("recall@10", ">= 0.95"),
        ("restarted and answering, s", "<= 10"),
    ],
}


def report(runs: dict[Run, Figures]) -> str:
    names = list(dict.fromkeys(name for figures in runs.values() for name in figures))
    lines = [
        f"Measured {date.today().isoformat()} on {host.describe()}.\n",
        "Vectors of 768 numbers around 2,000 centres; the ten nearest.\n",
        "| | " + " | ".join(f"{rows:,} by {way}" for rows, way in runs) + " |",
        "|---|" + "---:|" * len(runs),
    ]
    for name in names:
        cells = [_cell(figures.get(name)) for figures in runs.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("")
    for (rows, way), figures in runs.items():
        for name, wanted in BARS.get((rows, way), []):
            lines.append(bar(f"{rows:,} by {way}, {name}", figures[name], wanted))
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

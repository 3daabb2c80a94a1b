"""A table of what maps took, and the bars beside it. Does not know how it was measured."""

from datetime import date
from pathlib import Path

from benchmarks import host
from benchmarks.bars import bar

RESULTS = Path(__file__).parent / "results-map.md"

Figures = dict[str, float]

BARS = {
    "100,000": [
        ("total, s", "<= 75"),
        ("memory and mapped vectors, MB", "<= 3000"),
        ("graph recall", ">= 0.95"),
    ],
    "1,000,000": [("total, s", "<= 360")],
}


def report(runs: dict[str, Figures]) -> str:
    names = list(dict.fromkeys(name for figures in runs.values() for name in figures))
    lines = [
        f"Measured {date.today().isoformat()} on {host.describe()}.\n",
        "Vectors of 768 numbers around 2,000 centres, by UMAP.\n",
        "| | " + " | ".join(runs) + " |",
        "|---|" + "---:|" * len(runs),
    ]
    for name in names:
        cells = [_cell(figures.get(name)) for figures in runs.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("")
    for run, wanted in BARS.items():
        lines += [bar(f"{run}, {name}", runs[run][name], limit) for name, limit in wanted if run in runs]
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""What a load found, as numbers, as a table, and as ratios. Does not know how it was found."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import typer

from sightline.cli.bench.serve.tally import OK, REFUSED, Tally, percentile
from sightline.cli.screen import show_table

Figures = Mapping[str, float | None]

NO_RATIO = ("late_p99_ms", "own_cpu")  # of the load itself, not of a server


class Row(NamedTuple):
    label: str
    key: str
    digits: int


ROWS = (
    Row("requests", "requests", 0),
    Row("200", "ok", 0),
    Row("429", "refused", 0),
    Row("other answers", "other", 0),
    Row("no answer", "failed", 0),
    Row("answers/s", "answers_per_s", 1),
    Row("goodput/s", "goodput_per_s", 1),
    Row("goodput, items/s", "items_per_s", 1),
    Row("p50 ms", "p50_ms", 1),
    Row("p90 ms", "p90_ms", 1),
    Row("p95 ms", "p95_ms", 1),
    Row("p99 ms", "p99_ms", 1),
    Row("max ms", "max_ms", 1),
    Row("429 p50 ms", "refused_p50_ms", 1),
    Row("429 p99 ms", "refused_p99_ms", 1),
    Row("Retry-After min s", "retry_after_min_s", 0),
    Row("Retry-After max s", "retry_after_max_s", 0),
    Row("server's queue p50 ms", "queue_p50_ms", 1),
    Row("server's forward p50 ms", "inference_p50_ms", 1),
    Row("sent MB", "sent_mb", 1),
    Row("received MB", "received_mb", 1),
    Row("sent late p99 ms", "late_p99_ms", 1),
    Row("this load, cores", "own_cpu", 2),
)


def figures(tally: Tally) -> dict[str, float | None]:
    """Every number of the table. None: there was nothing to take it of."""
    answered = sum(tally.statuses.values())
    failed = sum(tally.failures.values())
    ok, refused = tally.statuses[OK], tally.statuses[REFUSED]
    counted: dict[str, float | None] = {
        "requests": answered + failed,
        "ok": ok,
        "refused": refused,
        "other": answered - ok - refused,
        "failed": failed,
        "answers_per_s": round(tally.answers / tally.seconds, 3),
        "goodput_per_s": round(tally.good / tally.seconds, 3),
        "items_per_s": round(tally.good_items / tally.seconds, 3),
    }
    counted |= _percentiles(
        tally.ok_s, {"p50_ms": 50, "p90_ms": 90, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
    )
    counted |= _percentiles(tally.refused_s, {"refused_p50_ms": 50, "refused_p99_ms": 99})
    counted |= _percentiles(tally.retry_after_s, {"retry_after_min_s": 0, "retry_after_max_s": 100}, scale=1)
    counted |= _percentiles(tally.queue_ms, {"queue_p50_ms": 50}, scale=1)
    counted |= _percentiles(tally.inference_ms, {"inference_p50_ms": 50}, scale=1)
    counted |= {"sent_mb": tally.sent_bytes / 1e6, "received_mb": tally.received_bytes / 1e6}
    counted |= _percentiles(tally.lateness_s, {"late_p99_ms": 99})
    return counted | {"own_cpu": round(tally.cpu_s / tally.wall_s, 3) if tally.wall_s else None}


def _percentiles(
    values: Sequence[float], wanted: Mapping[str, float], scale: float = 1000
) -> dict[str, float | None]:
    ordered = sorted(values)
    found = {name: percentile(ordered, percent) for name, percent in wanted.items()}
    return {name: None if value is None else round(value * scale, 3) for name, value in found.items()}


def told(tally: Tally) -> dict[str, object]:
    """The figures, and how often each status and each failure came."""
    return {
        **figures(tally),
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "failures": dict(tally.failures.most_common()),
    }


def ratios(ours: Figures, theirs: Figures) -> dict[str, float]:
    """Ours over theirs, of whatever both have."""
    pairs = {key: (ours.get(key), theirs.get(key)) for _, key, _ in ROWS if key not in NO_RATIO}
    return {key: round(a / b, 3) for key, (a, b) in pairs.items() if a is not None and b}


def show(title: str, servers: Mapping[str, Tally]) -> None:
    """One table on stdout: a column for each server and, where there are two, their ratio."""
    columns = [figures(tally) for tally in servers.values()]
    ratio = ratios(columns[0], columns[1]) if len(columns) == 2 else {}
    rows = []
    for label, key, digits in ROWS:
        values = [column[key] for column in columns]
        if any(value is not None for value in values):
            cells = [_cell(value, digits) for value in values]
            rows.append((label, *cells, *([_cell(ratio.get(key), 2)] if ratio else [])))
    heads = ["", *(f">{name}" for name in servers), *([">ratio"] if ratio else [])]
    show_table(heads, rows, title=title)
    for name, tally in servers.items():
        for what, count in (*sorted(tally.statuses.items()), *tally.failures.most_common()):
            if what not in (OK, REFUSED):
                typer.echo(f"{name}: {count} x {what}")


def _cell(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"

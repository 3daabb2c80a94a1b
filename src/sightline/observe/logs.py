"""Log lines: one per event, JSON or for reading. Knows no other part of Sightline.

Everybody logs with the standard library: `log.info("model ready", extra={"fields": {...}})`. What is written
is decided here, once, so that text from outside can neither forge a line nor fill the disk.
"""

import json
import logging
import math
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

MAX_VALUE_CHARS = 1000  # the longest of our own errors, with what to do about it, takes 700
MAX_TRACE_CHARS = 2000  # a traceback's end tells most
MAX_LINE_CHARS = 4000
MAX_CUT_CHARS = 200  # of an event in a line that was too long; escaped they may be six times as many

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

# No word of ours is as long: it is somebody's key, or a picture in base64.
_LONG_RUN = re.compile(r"([A-Za-z0-9+/=_-]{64})[A-Za-z0-9+/=_-]{37,}")
_PLAIN = re.compile(r"[\w.:/+*%@-]+", re.ASCII)


def configure_logging(
    level: str, form: Literal["auto", "json", "human"], stream: TextIO | None = None
) -> None:
    """Send every log line to the stream (stderr) in one format; auto: human on a terminal, else JSON."""
    stream = stream or sys.stderr
    if form == "auto":
        form = "human" if stream.isatty() else "json"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else HumanLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):  # as ours; its access log is replaced by one line per request
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)  # Pillow's too, which would be lines of their own
    logging.getLogger("python_multipart").setLevel(
        logging.ERROR
    )  # warns of every malformed form, with its bytes


class JsonLines(logging.Formatter):
    """One JSON object per event, in ASCII, so that no control character of any alphabet is left."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        line = json.dumps(facts)
        if len(line) <= MAX_LINE_CHARS:
            return line
        kept = {"time": facts["time"], "level": facts["level"], "event": str(facts["event"])[:MAX_CUT_CHARS]}
        return json.dumps({**kept, "cut": line[: MAX_LINE_CHARS // 4]})


class HumanLines(logging.Formatter):
    """`08:15:02 INFO    model ready  model=mini load_s=0.2`; anything unusual is quoted and escaped."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        clock = str(facts.pop("time"))[11:19]
        level, event = str(facts.pop("level")).upper(), str(facts.pop("event"))
        shown = event if event.isprintable() else json.dumps(event)
        pairs = " ".join(f"{key}={_shown(value)}" for key, value in facts.items())
        return f"{clock} {level:<7} {shown}  {pairs}".rstrip()[:MAX_LINE_CHARS]


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": _short(record.getMessage()),
    }
    for current in (request_id, trace_id):
        if (identity := current.get()) is not None:
            facts[current.name] = identity
    fields: Mapping[str, object] = getattr(record, "fields", {})
    facts |= {key: _short(value) for key, value in fields.items()}
    if record.exc_info and record.exc_info[0] is not None:
        trace = logging.Formatter().formatException(record.exc_info)
        facts["trace"] = _LONG_RUN.sub(r"\1...", trace[-MAX_TRACE_CHARS:])
    return facts


def cut(text: str) -> str:
    """Text from outside as it may be kept: not long, and runs of more than 100 letters and digits cut to 64,
    the length of a sha256."""
    text = text if len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + "..."
    return _LONG_RUN.sub(r"\1...", text)


def _short(value: object) -> object:
    """A value as it may stand in a line: numbers as they are, the rest as text that is cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return cut(str(value))


def _shown(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)

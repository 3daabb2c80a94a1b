"""Log lines: one per event, whatever text from outside they carry."""

import base64
import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sightline.observe.logs import MAX_LINE_CHARS, configure_logging, request_id

HOSTILE = "a\r\nlevel=error forged\x1b[31m\u2028\u202e\x00"


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@contextmanager
def lines(form: str) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("info", form, stream)  # type: ignore[arg-type]
    yield stream


log = logging.getLogger("sightline.test")
pytestmark = pytest.mark.usefixtures("untouched_logging")


def test_an_event_is_one_json_line_with_its_fields() -> None:
    with lines("json") as stream:
        log.info("model ready", extra={"fields": {"model": "mini", "load_s": 0.25}})
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["model"], event["load_s"]) == (
        "model ready",
        "info",
        "mini",
        0.25,
    )


@pytest.mark.parametrize("form", ["json", "human"])
def test_text_from_outside_cannot_forge_a_line(form: str) -> None:
    with lines(form) as stream:
        log.info(HOSTILE, extra={"fields": {"path": HOSTILE}})
    written = stream.getvalue()
    assert len(written.splitlines()) == 1
    assert written[:-1].isprintable()


@pytest.mark.parametrize("form", ["json", "human"])
def test_a_line_is_never_long(form: str) -> None:
    with lines(form) as stream:
        log.info("x" * 100_000, extra={"fields": {f"k{number}": "\x1b" * 5000 for number in range(50)}})
    assert len(stream.getvalue()) <= MAX_LINE_CHARS + 1


def test_a_long_line_is_still_json() -> None:
    with lines("json") as stream:
        log.info("big", extra={"fields": {f"k{number}": "\x1b" * 5000 for number in range(50)}})
    assert json.loads(stream.getvalue())["event"] == "big"


def test_a_long_event_that_must_be_escaped_is_still_one_short_line() -> None:
    with lines("json") as stream:
        log.info("\x1b\u2028" * 5000)
    assert len(stream.getvalue()) <= MAX_LINE_CHARS + 1
    assert json.loads(stream.getvalue())["event"].startswith("\x1b")


@pytest.mark.parametrize("form", ["json", "human"])
def test_a_picture_in_base64_or_a_key_is_not_logged_whole(form: str) -> None:
    secret = base64.b64encode(bytes(range(256))).decode()
    with lines(form) as stream:
        log.info("request", extra={"fields": {"path": f"/v1/models/{secret}", "sha256": "a1" * 32}})
        try:
            raise ValueError(secret)
        except ValueError:
            log.exception(secret)
    assert not re.search(r"[A-Za-z0-9+/=]{101,}", stream.getvalue())
    assert "a1" * 32 in stream.getvalue()


def test_a_warning_of_a_library_is_an_event_too() -> None:
    with lines("json") as stream, warnings.catch_warnings():
        logging.captureWarnings(capture=True)
        warnings.simplefilter("always")
        warnings.warn("Corrupt EXIF data\nExpecting more", stacklevel=1)
    logging.captureWarnings(capture=False)
    assert "Corrupt EXIF data" in json.loads(stream.getvalue())["event"]


@pytest.mark.parametrize("form", ["json", "human"])
def test_a_trace_stays_in_its_line(form: str) -> None:
    with lines(form) as stream:
        try:
            raise ValueError("boom\nsecond line")
        except ValueError:
            log.exception("failed")
    assert len(stream.getvalue().splitlines()) == 1
    assert "ValueError" in stream.getvalue()


def test_the_request_id_is_in_every_line_of_its_request() -> None:
    token = request_id.set("abc123")
    try:
        with lines("json") as stream:
            log.info("inside")
    finally:
        request_id.reset(token)
    assert json.loads(stream.getvalue())["request_id"] == "abc123"


def test_numbers_that_json_does_not_know_become_text() -> None:
    with lines("json") as stream:
        log.info("odd", extra={"fields": {"value": float("nan")}})
    assert json.loads(stream.getvalue())["value"] == "nan"


def test_a_terminal_gets_lines_for_reading() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging("info", "auto", stream)
    log.warning("model ready", extra={"fields": {"model": "mini", "about": "two words"}})
    assert stream.getvalue().endswith('WARNING model ready  model=mini about="two words"\n')


def test_less_important_events_are_left_out() -> None:
    stream = io.StringIO()
    configure_logging("warning", "json", stream)
    log.info("not this")
    assert stream.getvalue() == ""

"""`python -m demo`: from an empty machine to found pictures. Does not know how each part is done."""

import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from demo.client import Float32, embed_inline, embed_texts, embed_uploads
from demo.contact_sheet import contact_sheet
from demo.results import Answer, print_answers, search
from demo.server import DemoError, Server, running_server
from demo.shop import QUESTIONS, Article, Question, picture_question, stock

MODEL = "mini"
OUTPUT = Path("demo-output")
ERROR, INTERRUPTED = 1, 130
PIPE_WIDTH = 120


def main() -> int:
    """Run the demo. Returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server is ended then too
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # the address must show in a pipe too, while we wait
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    try:
        with running_server(MODEL, os.environ) as server:
            _run(console, server)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _run(console: Console, server: Server) -> None:
    started = time.monotonic()
    server.wait_until_ready()
    console.print(
        f"sightline serve --model {MODEL}: ready in {time.monotonic() - started:.1f} s at {server.url}"
    )
    articles = stock()
    vectors = _embed_stock(console, server, articles)
    questions = (*QUESTIONS, picture_question())
    answers = [search(question, _vector(server, question), articles, vectors) for question in questions]
    print_answers(console, answers)
    _write_pictures(console, answers)
    if os.environ.get("SERVE") != "0":
        _show_curl(console, server)
        _stay(console, server)


def _embed_stock(console: Console, server: Server, articles: Sequence[Article]) -> Float32:
    """(N, dim): one half sent as files, the other in the body of one request."""
    pngs = [article.png for article in articles]
    half = len(pngs) // 2
    started = time.monotonic()
    vectors = np.concatenate([embed_uploads(server.url, pngs[:half]), embed_inline(server.url, pngs[half:])])
    seconds = time.monotonic() - started
    console.print(
        f"{len(pngs)} drawn pictures to vectors of {vectors.shape[1]} numbers over HTTP in {seconds:.1f} s: "
        f"{half} as uploads, {len(pngs) - half} as base64"
    )
    return vectors


def _vector(server: Server, question: Question) -> Float32:
    asked = (
        embed_texts(server.url, [question.words])
        if question.png is None
        else embed_inline(server.url, [question.png])
    )
    vector: Float32 = asked[0]
    return vector


def _write_pictures(console: Console, answers: Sequence[Answer]) -> None:
    """The contact sheet, and the picture that was searched with, for the examples."""
    OUTPUT.mkdir(exist_ok=True)
    sheet = contact_sheet(answers, "Sightline", f"{MODEL} · nearest of 60 drawn pictures")
    sheet.save(OUTPUT / "contact-sheet.png")
    for answer in answers:
        if answer.question.png is not None:
            (OUTPUT / "query.png").write_bytes(answer.question.png)
    console.print(f"the same as pictures: {OUTPUT / 'contact-sheet.png'}\n")


def _show_curl(console: Console, server: Server) -> None:
    body = f'{{"model": "{MODEL}", "input": ["a red dress", "a blue mug"]}}'
    for command in (
        f"curl {server.url}/v1/embeddings -H 'Content-Type: application/json' -d '{body}'",
        f"curl {server.url}/embed-image -F file=@{OUTPUT / 'query.png'}",
        f"curl {server.url}/v1/models",
    ):
        console.print(f"  {command}", markup=False, soft_wrap=True)  # in one line, to be copied


def _stay(console: Console, server: Server) -> None:
    """Leave the server to whoever wants to try it; Ctrl-C is the good end."""
    console.print(f"\nthe server stays at {server.url} (its routes: {server.url}/docs); Ctrl-C ends it")
    try:
        server.wait_until_it_ends()
    except KeyboardInterrupt:
        console.print("ended")


sys.exit(main())

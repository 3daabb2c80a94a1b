"""`python -m demo`: from an empty machine to found pictures. Does not know how each part is done."""

import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import sightline
from demo.contact_sheet import contact_sheet
from demo.results import HITS, Answer, answer_of, print_answers
from demo.server import DemoError, Server, running_server
from demo.shop import PICTURES, QUESTIONS, Article, Question, picture_question, stock, write_catalogue
from sightline.domain.errors import ServerAwayError, ServerRefusedError

MODEL = "mini"
COLLECTION = "shop"
OUTPUT = Path("demo-output")
ERROR, INTERRUPTED = 1, 130
PIPE_WIDTH = 120
LEAST_PICTURES, MOST_PICTURES = 60, 5000
TIMEOUT_S = 60.0


def main() -> int:
    """Run the demo. Returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server is ended then too
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # the address must show in a pipe too, while we wait
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    try:
        count = _pictures()
        with running_server(MODEL, OUTPUT, os.environ) as server:
            _run(console, server, count)
    except (DemoError, ServerRefusedError, ServerAwayError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _pictures() -> int:
    """Raises DemoError: it is no number that the demo is made for."""
    wanted = os.environ.get("DEMO_PICTURES", str(PICTURES))
    if not wanted.isdecimal() or not LEAST_PICTURES <= int(wanted) <= MOST_PICTURES:
        raise DemoError(
            f"DEMO_PICTURES is {wanted!r}; set it to {LEAST_PICTURES} to {MOST_PICTURES}, or leave it out"
        )
    return int(wanted)


def _run(console: Console, server: Server, count: int) -> None:
    started = time.monotonic()
    server.wait_until_ready()
    console.print(
        f"sightline serve --model {MODEL}: ready in {time.monotonic() - started:.1f} s at {server.url}"
    )
    started = time.monotonic()
    articles = stock(count)
    console.print(f"{count} pictures of things that a shop sells drawn in {time.monotonic() - started:.1f} s")
    with sightline.Client(server.url, timeout_s=TIMEOUT_S) as client:
        _take_in(console, client, articles)
        _draw_map(console, client)
        answers = [_asked(client, question, articles) for question in (*QUESTIONS, picture_question())]
    print_answers(console, answers)
    _write_pictures(console, answers, count)
    if os.environ.get("SERVE") != "0":
        _show_curl(console, server)
        _stay(console, server)


def _take_in(console: Console, client: sightline.Client, articles: Sequence[Article]) -> None:
    """The shop's table becomes a collection."""
    table = write_catalogue(OUTPUT, articles)
    started = time.monotonic()
    job = client.wait(client.ingest(COLLECTION, table.resolve(), name="catalogue"))
    if job.state != "done" or job.failed:
        raise DemoError(f"the catalogue was not taken in: {job.state}, {job.message}")
    known = "" if job.computed else ", none of them new"
    console.print(
        f"{len(articles)} pictures of {table} taken in in {time.monotonic() - started:.1f} s{known}"
    )


def _draw_map(console: Console, client: sightline.Client) -> None:
    """Where all articles lie, and what lies together, by the names that the model finds."""
    started = time.monotonic()
    job = client.wait(client.draw_map(COLLECTION))
    if job.state != "done":
        raise DemoError(f"the map was not drawn: {job.state}, {job.message}")
    info = client.map_info(COLLECTION)
    clusters = sorted(info.clusters, key=lambda cluster: -cluster.size)
    names = ", ".join(f"{cluster.name} ({cluster.size})" for cluster in clusters)
    console.print(
        f"their map drawn by {info.algorithm} in {time.monotonic() - started:.1f} s; "
        f"{len(clusters)} clusters: {names}",
        soft_wrap=True,
    )


def _asked(client: sightline.Client, question: Question, articles: Sequence[Article]) -> Answer:
    picture = question.png
    asked = {"text": question.words} if picture is None else {"image": picture}
    return answer_of(question, client.search(COLLECTION, query=[asked], k=HITS).hits, articles)


def _write_pictures(console: Console, answers: Sequence[Answer], count: int) -> None:
    """The contact sheet, and the picture that was searched with, for the examples."""
    OUTPUT.mkdir(exist_ok=True)
    sheet = contact_sheet(answers, "Sightline", f"{MODEL} · nearest of {count} drawn pictures")
    sheet.save(OUTPUT / "contact-sheet.png")
    for answer in answers:
        if answer.question.png is not None:
            (OUTPUT / "query.png").write_bytes(answer.question.png)
    console.print(f"the same as pictures: {OUTPUT / 'contact-sheet.png'}\n")


def _show_curl(console: Console, server: Server) -> None:
    path = f"{server.url}/v1/collections/{COLLECTION}"
    body = '{"text": "a red dress", "k": 3, "filter": {"price": {"lt": 50}}}'
    for command in (
        f"curl {path}/search -H 'Content-Type: application/json' -d '{body}'",
        f"curl {path}/search -F file=@{OUTPUT / 'query.png'} -F k=3",
        f"curl {path}",
        f"curl {server.url}/embed-image -F file=@{OUTPUT / 'query.png'}",
    ):
        console.print(f"  {command}", markup=False, soft_wrap=True)  # in one line, to be copied


def _stay(console: Console, server: Server) -> None:
    """Leave the server to whoever wants to try it; Ctrl-C is the good end."""
    console.print(f"\nopen {server.url}/ to see the pictures and their map (routes: {server.url}/docs)")
    console.print(f"the server stays at {server.url}; Ctrl-C ends it")
    try:
        server.wait_until_it_ends()
    except KeyboardInterrupt:
        console.print("ended")


if __name__ == "__main__":  # the processes that draw import it too
    sys.exit(main())

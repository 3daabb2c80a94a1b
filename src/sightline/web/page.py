"""The page for browsers, as `make ui` builds it. Does not know what is on it, nor any collection.

It holds nothing of the library: whoever may reach the server may read it, and its questions need the key.
"""

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
ASSETS = "/ui/assets/"
ADDRESSES = frozenset({"/", "/ui", "/ui/"})

# Nothing from elsewhere, nothing inline, no code made while it runs. blob: is for pictures that are dropped,
# for thumbnails that need a key, and for workers that unpack archives.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
FOR_EVER = "public, max-age=31536000, immutable"  # another content has another name

router = APIRouter(include_in_schema=False)


def is_of_page(scope: Scope) -> bool:
    """Whether a request is for the page itself, which asks for the key and so cannot need it."""
    path: str = scope["path"]
    is_its = path.startswith(ASSETS) or (path in ADDRESSES and wants_html(dict(scope["headers"])))
    return is_its and scope["method"] in ("GET", "HEAD")


def wants_html(headers: dict[bytes, bytes]) -> bool:
    return b"text/html" in headers.get(b"accept", b"")


@router.get("/ui")
@router.get("/ui/")
async def show_page(_: Request) -> Response:
    return page()


@router.get(ASSETS + "{name}")
async def get_asset(name: str) -> Response:
    file = STATIC / "assets" / name
    if Path(name).name != name or not _is_there(file):
        raise HTTPException(404)
    return FileResponse(file, headers={**HEADERS, "cache-control": FOR_EVER})


def _is_there(file: Path) -> bool:
    """A name that is longer than any file's has none."""
    try:
        return file.is_file()
    except OSError:
        return False


def page(static: Path = STATIC) -> Response:
    """The built page, or how to build it."""
    index = static / "index.html"
    if index.is_file():
        return FileResponse(index, headers={**HEADERS, "cache-control": "no-cache"})
    return HTMLResponse(_unbuilt(), headers={**HEADERS, "cache-control": "no-store"})


def _unbuilt() -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sightline</title>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        "<h1>Sightline</h1><p>The server runs, but its page is not built here. In a checkout, with Node "
        f"20.19 or newer: <code>{escape('make ui')}</code>. A wheel has it: "
        f"<code>{escape('pip install <the wheel>')}</code>.<p>All that it does can be asked over HTTP: "
        "<a href=/docs>requests and answers</a>.</html>"
    )

"""The hits of a search as one page of small pictures. Does not know how they were found.

The page is a file that holds all it shows: it runs nothing and asks nobody.
"""

import tempfile
import webbrowser
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from sightline.cli.screen import note
from sightline.domain.errors import ServerRefusedError

Read = Callable[[str], bytes]  # an address of the server to what is there; raises ServerRefusedError

# whatever a page of the future may understand in a name or in metadata: nothing of it runs or is fetched
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title><style>
body {{ font: 14px system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #222 }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 1rem }}
figure {{ margin: 0; padding: .75rem; background: #fff; border: 1px solid #ddd; border-radius: 6px }}
img {{ display: block; width: 100%; height: 180px; object-fit: contain }}
figcaption {{ margin-top: .5rem; overflow-wrap: anywhere }}
.weak {{ opacity: .55 }}
</style></head><body><h1>{title}</h1><main>
{figures}
</main></body></html>
"""
FIGURE = (
    '<figure class="{kind}">{picture}'
    "<figcaption><b>{score:.3f}</b> {address}<br>{metadata}</figcaption></figure>"
)


def open_sheet(title: str, hits: Sequence[Mapping[str, Any]], read: Read) -> None:
    """Write the page into a temporary folder, and open it; its place is told on stderr."""
    path = Path(tempfile.mkdtemp(prefix="sightline-")) / "hits.html"
    path.write_text(sheet(title, hits, read), encoding="utf-8")
    note(f"contact sheet: {path}")
    webbrowser.open(path.as_uri())


def sheet(title: str, hits: Sequence[Mapping[str, Any]], read: Read) -> str:
    """The page, all text in it escaped."""
    figures = "\n".join(_figure(hit, read) for hit in hits)
    return PAGE.format(policy=POLICY, title=escape(title), figures=figures)


def _figure(hit: Mapping[str, Any], read: Read) -> str:
    return FIGURE.format(
        kind="weak" if hit["weak"] else "",
        picture=_picture(hit, read),
        score=hit["score"],
        address=escape(hit["uri"] or hit["id"]),
        metadata=", ".join(escape(f"{name}: {value}") for name, value in hit["metadata"].items()),
    )


def _picture(hit: Mapping[str, Any], read: Read) -> str:
    """Nothing where the file is gone by now."""
    try:
        data = b64encode(read(hit["thumbnail"])).decode("ascii")
    except ServerRefusedError:
        return ""
    return f'<img alt="" src="data:image/webp;base64,{data}">'

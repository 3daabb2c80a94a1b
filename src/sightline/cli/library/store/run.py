"""Carries out `sightline store ...`. Does not know stores."""

from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.screen import note, show_json


def run(address: str, *, as_json: bool) -> None:
    with connected(Errand(needs_model=False)) as library:
        chosen = library.post("/v1/store", {"to": address})
    if as_json:
        show_json(chosen)
    else:
        note(f"vectors are searched in {chosen['address']}")

"""Carries out `sightline store ...`. Does not know stores."""

from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.store.reach import why_silent
from sightline.cli.screen import note, show_json
from sightline.domain.errors import ServerRefusedError

AWAY = "store_unavailable"


def run(address: str, *, as_json: bool) -> None:
    """Raises ServerRefusedError: it cannot be filled; with the reason where nobody answers."""
    with connected(Errand(needs_model=False)) as library:
        try:
            chosen = library.post("/v1/store", {"to": address})
        except ServerRefusedError as error:
            why = why_silent(address) if error.code == AWAY else None
            if why is None:
                raise
            raise ServerRefusedError(f"{why}; nothing is changed", code=AWAY) from error
    if as_json:
        show_json(chosen)
    else:
        note(f"vectors are searched in {chosen['address']}")

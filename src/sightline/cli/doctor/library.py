"""What can be wrong with the library, as its own server finds it. Does not know stores, or how it looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sightline.catalogue.copies import FILE_NAME
from sightline.cli.doctor.checks import Finding
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.domain.errors import SightlineError
from sightline.domain.wording import counted
from sightline.environment import home_of
from sightline.settings import Settings

SHOWN_IDS = 5
LOST = "put them in again, or copy the folder `pictures` back; another server's are on its own disk"
UNNAMED = "if no newer record will come back, `sightline doctor --remove-unnamed` removes them"
REPAIR = "run `sightline doctor --repair`: it costs no forward pass"


@dataclass(frozen=True)
class Wish:
    """repairs: make views anew that differ from the record. at_all: compare every vector, not a sample.

    removes_unnamed: remove uploads that no item names.
    """

    repairs: bool = False
    at_all: bool = False
    removes_unnamed: bool = False


def library(settings: Settings, wish: Wish) -> Iterator[Finding]:
    home = home_of(settings)
    if not (home / FILE_NAME).exists() and not settings.store:
        yield Finding("library", "ok", f"none in {home} yet")
        return
    try:
        with connected(Errand(needs_model=False)) as connection:
            yield from _looked(connection, str(home), wish)
    except SightlineError as error:
        yield Finding("library", "fail", str(error))


def _looked(connection: Connection, home: str, wish: Wish) -> Iterator[Finding]:
    store = connection.get("/v1/store")["address"]
    if wish.removes_unnamed:
        connection.delete("/v1/library/unnamed")
    seen = _checked(connection, wish)
    if wish.repairs and (broken := [one["name"] for one in seen["collections"] if one["problems"]]):
        for name in broken:
            yield _repaired(connection, name)
        seen = _checked(connection, wish)
    if seen["faults"]:
        yield Finding("library", "fail", "; ".join(seen["faults"]))
    else:
        yield Finding("library", "ok", f"{home}, searched in {store}; its record is whole")
    if seen["uploads"]["kept"] or seen["uploads"]["unnamed"]:
        yield _uploads(seen["uploads"])
    for one in seen["collections"]:
        yield _finding(one)


def _checked(connection: Connection, wish: Wish) -> dict[str, Any]:
    found: dict[str, Any] = connection.get("/v1/library/check", all=str(wish.at_all).lower())
    return found


def _repaired(connection: Connection, name: str) -> Finding:
    if connection.post("/v1/library/repair", {"collection": name})["done"]:
        return Finding(name, "ok", "was made anew from the record")
    return Finding(name, "warn", "is being made anew from the record", "look again in a while")


def _uploads(seen: dict[str, Any]) -> Finding:
    found = f"{counted(seen['kept'], 'item')} kept as sent"
    lost = [
        f"{word} in {name}: {_named(ids)}"
        for word in ("missing", "changed")
        for name, ids in seen[word].items()
    ]
    if lost:
        told = "; ".join(lost)
        return Finding(
            "uploads", "fail", f"{found}; {told}; their vectors are there, no other model's can be", LOST
        )
    if seen["unnamed"]:
        return Finding("uploads", "warn", f"{found}; besides, {seen['unnamed']} that no item names", UNNAMED)
    return Finding("uploads", "ok", found)


def _named(ids: list[str]) -> str:
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return ", ".join(ids[:SHOWN_IDS]) + more


def _finding(one: dict[str, Any]) -> Finding:
    index = "" if one["by_index"] is None else f", {one['by_index']} of them by the index"
    found = f"{counted(one['items'], 'item')}; {counted(one['compared'], 'vector')} compared{index}"
    if one["record_problems"]:
        return Finding(one["name"], "fail", "; ".join(one["record_problems"]), "restore a backup")
    if one["problems"]:
        return Finding(one["name"], "fail", "; ".join(one["problems"]), REPAIR)
    if one["trouble"]:
        return Finding(one["name"], "warn", f"{found}; {one['trouble']}", "nothing is lost: see to the store")
    if one["lag"]:
        behind = f"searches are {counted(one['lag'], 'change')} behind"
        return Finding(one["name"], "warn", f"{found}; {behind}", "wait a while")
    return Finding(one["name"], "ok", found)

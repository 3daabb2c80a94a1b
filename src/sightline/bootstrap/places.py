"""Where a library's record and its views are, as settings say and its folder remembers. Knows no item.

The record stays where it began: in the folder, in SQLite; or in PostgreSQL, where that was the first store.
Then the folder keeps its address, whatever store is switched to later.
"""

import re
import socket
from pathlib import Path

from sightline.catalogue.copies import FILE_NAME
from sightline.catalogue.database import Database
from sightline.environment import home_of
from sightline.services.collections.choice import FILE_NAME as STORE
from sightline.services.collections.choice import ChosenStore, KeptAddress
from sightline.settings import Settings

RECORD = "record"  # the file with the address of a record in PostgreSQL
DEFAULT_STORE = "duckdb"
_WHO = re.compile(r"^postgres(ql)?://([^/@]*@)?")


def store_address(settings: Settings) -> str:
    """Where the views are, or will be."""
    return chosen_store(settings).address


def chosen_store(settings: Settings) -> ChosenStore:
    return ChosenStore(home_of(settings), settings.store, default=DEFAULT_STORE)


def is_new(settings: Settings) -> bool:
    """Whether there is no library yet, nor was a store chosen for it."""
    home = home_of(settings)
    return not (_file(home).exists() or _kept(home).address or ChosenStore.is_kept(home))


def is_in_folder(settings: Settings) -> bool:
    """Whether the record is in the folder, or will be."""
    return _record_address(settings) is None


def open_record(settings: Settings) -> Database:
    """What the record is in. Raises RecordError."""
    home, address = home_of(settings), _record_address(settings)
    if address is None:
        return Database.in_folder(home)
    database = Database.at(address, owner=owner_name(home))
    _kept(home).keep(address)
    _keep_store(home, chosen_store(settings))
    return database


def _keep_store(home: Path, chosen: ChosenStore) -> None:
    """For a command without the setting: the first store, and what changed of how it is reached.

    Another store that a setting names is for as long as it does.
    """
    kept = KeptAddress(home / STORE).address
    if kept is None or _WHO.sub("", kept) == _WHO.sub("", chosen.address):
        chosen.keep(chosen.address)


def owner_name(home: Path) -> str:
    """The same after every restart, and another's on no other machine: one process owns a folder."""
    return f"{socket.gethostname()}:{home}"


def _is_postgres(address: str) -> bool:
    return _WHO.match(address) is not None


def _record_address(settings: Settings) -> str | None:
    """None: in the folder. A setting may know the kept database by a newer password."""
    home, store = home_of(settings), store_address(settings)
    kept = _kept(home).address
    if _file(home).exists():
        return None
    if kept is None or _WHO.sub("", kept) == _WHO.sub("", store):
        return store if _is_postgres(store) else None
    return kept


def _file(home: Path) -> Path:
    return home / FILE_NAME


def _kept(home: Path) -> KeptAddress:
    return KeptAddress(home / RECORD)

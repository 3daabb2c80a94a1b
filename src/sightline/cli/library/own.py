"""A server of the library in this process, for one command. Does not know what it is asked."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from sightline.bootstrap import build, make_fetcher
from sightline.bootstrap.library import open_library
from sightline.bootstrap.places import is_new, store_address
from sightline.cli.library.errand import Errand
from sightline.cli.library.needs import needed
from sightline.cli.screen import note
from sightline.imaging.memory import give_back_large_blocks
from sightline.imaging.silence import silence_libtiff
from sightline.observe.logs import configure_logging
from sightline.settings import Settings
from sightline.web.serve import Background, served_in_background

QUIET = "error"  # the command itself tells what went well, and a job's failures


@contextmanager
def own_server(settings: Settings, errand: Errand) -> Iterator[Background]:
    """Own the library and serve it on loopback until the block ends, to those who can read its folder.

    Models are loaded first: nobody waits for a folder whose owner is still fetching one.
    Raises FolderOwnedError: another process was quicker; ModelError, EngineError, RecordError, StoreError,
    SettingsError.
    """
    chooses_store = errand.store is not None and is_new(settings)  # then the next command need not name it
    needs = needed(settings, errand)
    for job in needs.others:  # told before anybody works on them: a small one is soon done
        how_far = f"{job.done + job.failed} of {job.total} done"
        note(f"goes on with job {job.id} too: {job.kind}, collection {job.collection}, {how_far}")
    own = settings.model_copy(
        update={
            "models": needs.models,
            "host": "127.0.0.1",
            "port": 0,
            "drain_ms": 0,
            "api_key": SecretStr(secrets.token_urlsafe(32)),  # nobody knows it: the token is the only key
        }
    )
    level = settings.log_level if "log_level" in settings.model_fields_set else QUIET
    configure_logging(level, settings.log_format)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each of our own requests
    logging.getLogger("psycopg").setLevel(level.upper())  # else it gives itself one, and warns of each try
    silence_libtiff()
    give_back_large_blocks()
    served = build(own)
    try:
        served.load()
        needs.require_same(served)
        fetcher = make_fetcher(own, [store_address(own)])
        library = open_library(own, served, fetcher=fetcher, runs_jobs=errand.runs_jobs)
        if chooses_store:
            library.keep_store()
    except BaseException:
        served.close()
        raise
    with served_in_background(own, served, library, fetcher=fetcher) as server:
        yield server

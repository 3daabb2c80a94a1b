"""Carries out `sightline serve`: settings, a free port, a server. Does not know routes or models."""

import errno
import logging
import os
import socket
from collections.abc import Mapping

from sightline.bootstrap import build, make_fetcher
from sightline.bootstrap.library import open_library
from sightline.bootstrap.places import store_address
from sightline.cli.loading import settings_for
from sightline.domain.errors import FolderOwnedError, RecordUnavailableError, SettingsError
from sightline.domain.ports import Fetcher
from sightline.imaging.memory import give_back_large_blocks
from sightline.imaging.silence import silence_libtiff
from sightline.observe.export import configure_traces
from sightline.observe.logs import configure_logging
from sightline.services.collections.library import Library
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.version import VERSION

log = logging.getLogger(__name__)


def run(chosen: Mapping[str, object]) -> int:
    """Serve until told to end. Returns the exit code.

    Raises SettingsError: a setting is refused, or the port is not to be had.
    """
    settings = settings_for(chosen)
    require_free(settings.host, settings.port)
    configure_logging(settings.log_level, settings.log_format)
    silence_libtiff()
    give_back_large_blocks()
    from sightline.web.serve import serve  # FastAPI takes a second: the port is checked before

    served = build(settings)
    fetcher = make_fetcher(settings, [store_address(settings)])
    library = _library(settings, served, fetcher)
    traces = configure_traces(os.environ, VERSION)
    return serve(settings, served, library, fetcher=fetcher, traces=traces)


def _library(settings: Settings, served: ServedModels, fetcher: Fetcher | None) -> Library | None:
    """The library, or None where nobody asked for one and its usual folder is not to be had.

    Raises FolderOwnedError, RecordError, StoreError, SettingsError.
    """
    try:
        return open_library(settings, served, fetcher=fetcher)
    except (FolderOwnedError, RecordUnavailableError) as error:
        if settings.home or settings.store:
            raise
        log.warning("serving without collections", extra={"fields": {"reason": error}})
        return None


def require_free(host: str, port: int) -> None:
    """Raises SettingsError: nothing can listen there, and why. Asked before models are loaded for minutes."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # as the server will do: a port whose last connection just ended is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = _REASONS.get(
            error.errno or 0, "is no address of this machine; 127.0.0.1 and 0.0.0.0 always work"
        )
        raise SettingsError(f"{host}:{port} {reason}") from error


_REASONS = {
    errno.EADDRINUSE: "is taken by another program; end that one, or choose another port with --port",
    errno.EACCES: "may not be used by this user; choose a port above 1023 with --port",
}

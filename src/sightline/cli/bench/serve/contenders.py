"""Which servers are loaded, from what the options say. Does not know what they are sent, or when."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import typer

from sightline.cli.bench.serve.shapes import OURS, PEERS, Shape
from sightline.cli.bench.serve.targets import Site
from sightline.cli.bench.serve.values import Address, address, command

API_KEY = "SIGHTLINE_API_KEY"
ANYWHERE = "http://127.0.0.1:{port}"
SERVE = (sys.executable, "-m", "sightline", "serve", "--host", "127.0.0.1", "--port", "{port}")
QUIET = {"SIGHTLINE_LOG_LEVEL": "warning", "SIGHTLINE_DRAIN_MS": "0"}  # nobody reads a line per request


@dataclass(frozen=True)
class Contender:
    """A server to be loaded. model: named in requests; None: its default."""

    site: Site
    shape: Shape
    model: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def ours(url: Address | None, model: str | None, route: str) -> Contender:
    """The server at the URL, or one that is started, with the settings of the environment.

    Raises typer.BadParameter: both a URL and a model.
    """
    key = os.environ.get(API_KEY)  # what a server started here will ask for
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if url is None:
        command = (*SERVE, "--model", model) if model else SERVE
        return Contender(Site("sightline", ANYWHERE, command, QUIET), OURS[route], headers=headers)
    if model:
        raise typer.BadParameter("the server at --url has chosen its models", param_hint="'--model'")
    return Contender(Site("sightline", str(url)), OURS[route], headers=headers)


@dataclass(frozen=True)
class Peer:
    """What the options say about the other server."""

    command: str | None
    url: str | None
    shape: str
    model: str | None


def peers(told: Peer) -> tuple[Contender, ...]:
    """The server to compare with, or none. Raises typer.BadParameter: it cannot be started or asked so."""
    if told.command is None and told.url is None:
        return ()
    url = told.url or ANYWHERE
    address(url.replace("{port}", "1"))  # refused before anything is started
    if told.command is None and "{port}" in url:
        raise typer.BadParameter("{port} is for a server that is started; give --peer-command too")
    shape = PEERS[told.shape]
    if shape.needs_model and told.model is None:
        raise typer.BadParameter(f"{told.shape} must be told a model", param_hint="'--peer-model'")
    words = command(told.command) if told.command is not None else ()
    return (Contender(Site(told.shape, url, words), shape, told.model),)

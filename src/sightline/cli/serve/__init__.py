"""`sightline serve`: its options and help. Does not know how they are carried out."""

from typing import Annotated, Literal

import typer

from sightline.cli import options
from sightline.cli.failures import ExitCode

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A card's name, a checkpoint's folder or a hub id; repeat it for several, the first is the "
        "default. Without it: SIGHTLINE_MODELS, or mini, which needs no download.",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere. Default: 127.0.0.1."
    ),
]
Port = Annotated[
    int | None,
    typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 takes a free one. Default: 8000."),
]
Profile = Annotated[
    Literal["none", "tuned-embedder"] | None,
    typer.Option("--profile", help="Defaults of a whole system. tuned-embedder averages crops."),
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"] | None,
    typer.Option("--log-level", help="The least important events to log. Default: info."),
]
JsonLogs = Annotated[bool, typer.Option("--json", help="Log JSON lines, also on a terminal.")]


def serve(
    *,
    model: Models = None,
    host: Host = None,
    port: Port = None,
    engine: options.Engine = None,
    precision: options.Precision = None,
    device: options.Device = None,
    profile: Profile = None,
    log_level: LogLevel = None,
    as_json: JsonLogs = False,
) -> None:
    """Serve models over HTTP until Ctrl-C or SIGTERM.

    The port opens at once and /readyz says 503 until the models are loaded. Options come before settings from
    the environment, of which there are more: see the guide's page on settings. On SIGTERM the server refuses
    new requests, finishes those under way and exits with 0.

    \b
    Examples:
      sightline serve
      sightline serve --model clip-vit-b-32 --model mini --port 9000
      SIGHTLINE_API_KEY=... sightline serve --host 0.0.0.0
    """
    from sightline.cli.serve.run import run

    chosen = {"host": host, "port": port, "engine": engine, "precision": precision, "device": device}
    chosen |= {"profile": profile, "log_level": log_level, "log_format": "json" if as_json else None}
    if run({**chosen, "models": tuple(model) if model else None}) != ExitCode.DONE:
        raise typer.Exit(ExitCode.ERROR)

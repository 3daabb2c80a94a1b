"""`sightline bench serve`: its options and help. Does not know how a load is made."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sightline.cli import options
from sightline.cli.bench.serve import values

DRAWN = "400x533"  # what a shop's photo often is

HELP = """Load a server with requests, and tell its rates and latencies.

Without --url, `sightline serve` is started for it. Without --rate the loop is closed: each client sends its
next request when the last is answered. With --rate it is open: requests come at random moments, whatever the
server does, and latency counts from the moment a request was due. Goodput is what was answered with 200
within the deadline. No two requests have the same bytes, so that no cache can answer them.

With --peer-command or --peer-url another server gets the same load, in turns, and the table shows ratios.
The command runs without a shell; {port} in it and in --peer-url becomes a free port. Speaks plain http only.

\b
Examples:
  sightline bench serve
  sightline bench serve --url http://127.0.0.1:8000 --clients 8 --sizes 400x533,1200x1600=0.2
  sightline bench serve --rate 5x --timeout-ms 1000 --cancel 0.5 --json
  sightline bench serve --model clip-vit-b-32 --peer-shape infinity \\
    --peer-model openai/clip-vit-base-patch32 \\
    --peer-command 'infinity_emb v2 --model-id openai/clip-vit-base-patch32 --port {port}'
"""


Url = Annotated[
    values.Address | None,
    typer.Option(
        "--url", parser=values.address, metavar="URL", help="A server that runs. Default: start one."
    ),
]
Route = Annotated[
    Literal[
        "/embed-image", "/embed/image", "/embed/text", "/embed/text/batch", "/api/ai/embed", "/v1/embeddings"
    ],
    typer.Option("--route", help="Where requests go; texts beside uploads go to /embed/text."),
]
Mix = Annotated[
    values.Shares | None,
    typer.Option(
        "--mix",
        parser=values.shares,
        metavar="SHARES",
        help="What is asked for, as picture=0.8,text=0.2. Default: pictures, where the route takes them.",
    ),
]
Items = Annotated[int, typer.Option("--items", min=1, max=1024, help="Pictures or texts in each request.")]
Pictures = Annotated[
    Path | None,
    typer.Option(
        "--pictures",
        exists=True,
        file_okay=False,
        metavar="FOLDER",
        help="JPEGs to send. Default: drawn ones.",
    ),
]
Sizes = Annotated[
    values.Shares | None,
    typer.Option(
        "--sizes",
        parser=values.sizes,
        metavar="SIZES",
        help=f"Of drawn pictures, in pixels, with shares as 400x533,1200x1600=0.2. Default: {DRAWN}.",
    ),
]
Repeat = Annotated[bool, typer.Option("--repeat", help="Let the same bytes come again.")]
Clients = Annotated[int, typer.Option("--clients", min=1, max=4096, help="Clients of the closed loop.")]
Rate = Annotated[
    values.Rate | None,
    typer.Option(
        "--rate",
        parser=values.rate,
        metavar="RATE",
        help="Open loop: requests per second, or 5x for five times the goodput that --clients reach first.",
    ),
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.1, max=86_400, help="Measured time of each turn.")]
WarmUp = Annotated[float, typer.Option("--warm-up-s", min=0, max=3600, help="Load before it, not counted.")]
Timeout = Annotated[
    int, typer.Option("--timeout-ms", min=1, max=600_000, help="Deadline of a request, told to the server.")
]
Cancel = Annotated[
    float, typer.Option("--cancel", min=0, max=1, help="Share of clients who hang up at a random moment.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same arrivals and order.")]
PeerCommand = Annotated[
    str | None,
    typer.Option("--peer-command", metavar="COMMAND", help="How to start another server."),
]
PeerUrl = Annotated[
    str | None,
    typer.Option("--peer-url", metavar="URL", help="Where it is. Default: http://127.0.0.1:{port}."),
]
PeerShape = Annotated[
    Literal["openai", "infinity", "immich", "clip-as-service", "multipart"],
    typer.Option("--peer-shape", help="How it is asked. multipart: field `file`, at --peer-url itself."),
]
PeerModel = Annotated[
    str | None, typer.Option("--peer-model", metavar="NAME", help="The model named in requests to it.")
]
Rounds = Annotated[
    int | None,
    typer.Option("--rounds", min=1, max=1000, help="Turns of each server. Default: 1, or 2 with a peer."),
]
Start = Annotated[
    float, typer.Option("--start-s", min=1, max=3600, help="Time a started server has for its first answer.")
]


def serve(
    *,
    url: Url = None,
    model: options.Model = None,
    route: Route = "/embed-image",
    mix: Mix = None,
    items: Items = 1,
    pictures: Pictures = None,
    sizes: Sizes = None,
    repeat: Repeat = False,
    clients: Clients = 32,
    rate: Rate = None,
    seconds: Seconds = 10.0,
    warm_up_s: WarmUp = 2.0,
    timeout_ms: Timeout = 30_000,
    cancel: Cancel = 0.0,
    seed: Seed = 0,
    peer_command: PeerCommand = None,
    peer_url: PeerUrl = None,
    peer_shape: PeerShape = "openai",
    peer_model: PeerModel = None,
    rounds: Rounds = None,
    start_s: Start = 120.0,
    as_json: options.Json = False,
) -> None:
    """Its help is HELP."""
    from sightline.cli.bench.serve import contenders
    from sightline.cli.bench.serve.loops import Crowd
    from sightline.cli.bench.serve.run import Plan, run
    from sightline.cli.bench.serve.traffic import Mixture

    told = contenders.Peer(peer_command, peer_url, peer_shape, peer_model)
    servers = (contenders.ours(url, model, route), *contenders.peers(told))
    mixture = Mixture(mix or values.shares(servers[0].shape.usual), items, repeat, seed)
    crowd = Crowd(clients, seconds, warm_up_s, timeout_ms / 1000, cancel, seed)
    drawn = sizes or values.sizes(DRAWN)
    turns = rounds or len(servers)  # two of each where there are two: what comes first must not decide
    run(Plan(mixture, pictures, drawn, crowd, rate, turns, start_s), servers, as_json=as_json)

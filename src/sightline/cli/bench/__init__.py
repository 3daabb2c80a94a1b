"""`sightline bench`, and `bench serve` under it: options and help. Does not know how speed is measured."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.bench.serve import HELP, serve

bench = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
bench.command(help=HELP)(serve)

CardName = Annotated[
    str | None,
    typer.Option(
        "--card", metavar="NAME", help="This card's shapes with random weights; nothing is fetched."
    ),
]
Layers = Annotated[
    int | None, typer.Option("--layers", min=1, help="With --card: cut both towers to so many.")
]
Batches = Annotated[
    list[int] | None,
    typer.Option("--batch", min=1, max=1024, help="Batch size; repeat it. Default: 1, 8, 32."),
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.1, max=600, help="Time for each measurement.")]


@bench.callback()
def forwards(
    context: typer.Context,
    *,
    model: options.Model = None,
    card: CardName = None,
    layers: Layers = None,
    batch: Batches = None,
    seconds: Seconds = 2.0,
    engine: options.Engine = None,
    precision: options.Precision = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Measure how fast a model runs on this machine; `bench serve` measures a server.

    For each batch size: pictures per second, the median time of a forward, and the arithmetic done per
    second. Besides, what reading a JPEG of 400 x 533 px and cutting it to the model's square takes on one
    core. With --card, weights are written to the folder for temporary files, up to 3.6 GB, and removed.

    \b
    Examples:
      sightline bench
      sightline bench --card clip-vit-b-32 --precision f32
      sightline bench --card siglip-so400m-384 --batch 1 --batch 4 --seconds 10 --json
    """
    if context.invoked_subcommand:
        _require_none(context)
        return
    from sightline.cli.bench.run import Plan, run

    if model and card:
        raise typer.BadParameter("give --model or --card, not both", param_hint="'--card'")
    if layers and not card:
        raise typer.BadParameter("only random weights can be cut; give --card too", param_hint="'--layers'")
    plan = Plan(card, layers, batches=tuple(batch or (1, 8, 32)), seconds=seconds, as_json=as_json)
    run(plan, options.Chosen(model, engine, precision, device))


def _require_none(context: typer.Context) -> None:
    """Options before the subcommand would be lost without a word. Raises typer.BadParameter."""
    for name in context.params:
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                f"options go behind it: sightline bench {context.invoked_subcommand} ...",
                param_hint=f"'--{name}'",
            )

"""`sightline models ...`: its options and help. Does not know cards or checkpoints."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sightline.cli import options

models = typer.Typer(
    help="The models that can be used: list, show, pull, verify, synthesize.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A card's name, a checkpoint's folder or a hub id.", show_default=False
    ),
]


@models.command("list")
def list_models(*, as_json: options.Json = False) -> None:
    """List the models that Sightline has cards for.

    Any other CLIP, SigLIP or DINOv2 checkpoint can be named by its folder or its hub id instead.

    \b
    Example:
      sightline models list
    """
    from sightline.cli.models import files

    files.show_all(as_json=as_json)


@models.command()
def show(name: Name, *, as_json: options.Json = False) -> None:
    """Show everything known about a model, and its fingerprint where its files are here.

    Two models with the same fingerprint make vectors that can be compared. Nothing is fetched.

    \b
    Example:
      sightline models show mini
    """
    from sightline.cli.models import files

    files.show_one(name, as_json=as_json)


@models.command()
def pull(name: Name, *, as_json: options.Json = False) -> None:
    """Fetch a model's files from the hub and lock them.

    A lock keeps the commit and the sha256 of every file; from then on a file that differs is refused. What
    was fetched in part is taken up where it stopped. HF_TOKEN is sent where it is set; HF_HOME says where
    files go.

    \b
    Examples:
      sightline models pull clip-vit-b-32
      sightline models pull laion/CLIP-ViT-B-32-laion2B-s34B-b79K
    """
    from sightline.cli.models import files

    files.pull(name, as_json=as_json)


@models.command()
def verify(name: Name, *, as_json: options.Json = False) -> None:
    """Compare a model's vectors with the library it comes from, and with themselves.

    The reference is transformers or open_clip, in float32; without them it says what to install. Always
    compared: each installed engine and precision with float32, and a batch with its pictures one by one.
    Exits with 1 if a cosine is below 0.9999 in f32, or 0.999 in bf16.

    \b
    Example:
      sightline models verify clip-vit-b-32
    """
    from sightline.cli.models.verification import verify_model

    verify_model(name, as_json=as_json)


@models.command()
def synthesize(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A card's name.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="A new or empty folder.")],
    layers: Annotated[
        int | None, typer.Option("--layers", min=1, help="Cut both towers to so many layers.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes.")] = 0,
    dtype: Annotated[
        Literal["F32", "F16", "BF16"], typer.Option("--dtype", help="How weights are stored.")
    ] = "F32",
    as_json: options.Json = False,
) -> None:
    """Write a checkpoint of a model's real shapes with random weights.

    For benchmarks and tests without a download: it loads and runs like the real one, and its vectors mean
    nothing.

    \b
    Example:
      sightline models synthesize dinov2-small --out checkpoints/dinov2-small --layers 2
    """
    from sightline.cli.models import files

    files.synthesize_card(files.Recipe(name, out, layers, seed, dtype), as_json=as_json)

"""Options that several commands share. Does not know what the commands do with them."""

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

STORES = (
    "duckdb, a file in the library's folder; memory, which every start fills anew; qdrant://host:6333 "
    "(qdrants:// with TLS); or postgresql://user@host/database"
)

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A card's name (see `sightline models list`), a checkpoint's folder or a hub id. "
        "Default: the first of SIGHTLINE_MODELS, or mini, which needs no download.",
    ),
]
Engine = Annotated[
    Literal["auto", "openvino", "onnx", "fake"] | None,
    typer.Option("--engine", help="Runtime. auto: openvino where it is installed, else onnx."),
]
Precision = Annotated[
    Literal["auto", "f32", "bf16"] | None,
    typer.Option("--precision", help="Arithmetic. auto: bf16 where the processor computes in it."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"] | None,
    typer.Option("--device", help="Where the model runs. auto: CUDA where the engine has it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AnyCollection = Annotated[
    str | None,
    typer.Option(
        "--collection", "-c", metavar="NAME", help="The collection. Default: the only one there is."
    ),
]
Where = Annotated[
    str | None,
    typer.Option("--filter", metavar="JSON", help="""Only what passes: '{"price": {"lt": 50}}'."""),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Return once the job is kept; a server goes on with it.")
]


@dataclass(frozen=True)
class Chosen:
    """What a command's options say about a model; None leaves it to the environment."""

    model: str | None = None
    engine: str | None = None
    precision: str | None = None
    device: str | None = None

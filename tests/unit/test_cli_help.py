import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import sightline
from sightline.cli import app


def commands(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else ()


COMMANDS = sorted(commands(get_command(app)))
LEAVES = [path for path in COMMANDS if path not in {("models",), ("collection",), ("job",), ("store",)}]
SERVERS = ("numpy", "PIL", "openvino", "onnxruntime", "fastapi", "sqlalchemy", "duckdb", "huggingface_hub")
HEAVY = (
    "numpy",
    "rich",
    "PIL",
    "onnx",
    "openvino",
    "onnxruntime",
    "fastapi",
    "httpx",
    "sqlalchemy",
    "duckdb",
    "huggingface_hub",
)


def test_all_commands_of_the_design_are_there():
    names = {" ".join(path) for path in COMMANDS}
    wanted = {"serve", "embed", "bench", "bench serve", "doctor", "ingest", "status", "retry"}
    wanted |= {"search", "duplicates", "export", "map", "backup", "restore", "store switch"}
    wanted |= {f"collection {name}" for name in ("list", "create", "re-embed", "delete")}
    wanted |= {f"job {name}" for name in ("list", "failures", "pause", "resume", "cancel")}
    wanted |= {f"models {name}" for name in ("list", "show", "pull", "verify", "synthesize")}
    assert wanted <= names


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_of_every_command_has_an_example_of_it_and_says_what_each_option_does(path):
    result = CliRunner().invoke(app, [*path, "--help"], terminal_width=100)
    assert result.exit_code == 0
    assert f"sightline {' '.join(path)}" in result.stdout.partition("Example")[2]
    leaf = get_command(app)
    for name in path:
        leaf = leaf.commands[name]
    assert all(option.help for option in leaf.params)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_takes_json(path):
    assert "--json" in CliRunner().invoke(app, [*path, "--help"]).stdout


def test_help_loads_none_of_the_libraries_that_commands_need():
    """It took 0.1 s on the machine where this was written; numpy and rich alone would double that."""
    code = (
        "import sys; from sightline.cli import app; app(['embed', '--help'], standalone_mode=False);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_is_the_packages():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"sightline {sightline.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["embed", "x.png"],
        ["embed", "x.png", "--out", "x.csv"],
        ["embed", "x.png", "--out", "x.npy", "--engine", "steam"],
        ["bench", "--card", "mini", "--model", "mini"],
        ["bench", "--layers", "2"],
        ["bench", "--seconds", "1", "serve"],
        ["bench", "serve", "--rate", "fast"],
        ["bench", "serve", "--route", "/embed-video"],
        ["bench", "serve", "--url", "https://127.0.0.1"],
        ["bench", "serve", "--url", "http://127.0.0.1:1", "--model", "mini"],
        ["bench", "serve", "--peer-url", "http://127.0.0.1:{port}"],
        ["bench", "serve", "--peer-url", "http://127.0.0.1:1", "--peer-shape", "immich"],
        ["serve", "--port", "99999"],
        ["models", "synthesize", "mini"],
        ["paint"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize("name", ["collection", "ingest", "job", "search", "status"])
def test_command_that_asks_a_server_loads_nothing_that_only_the_server_needs(name):
    """numpy, SQLAlchemy and the rest took longer than the question and its answer."""
    code = (
        f"import sys, sightline.cli.library.{name}.run;"
        f"print([name for name in {SERVERS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

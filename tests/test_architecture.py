"""The shape of the code, held by tests: rooms, sizes, docstrings, and what must never appear."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "sightline").rglob("*.py"))
IDS = [str(path.relative_to(ROOT / "src")) for path in SOURCES]
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 4
NAMES_WITHOUT_A_ROOM = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# each can run code that came with a checkpoint or a picture
FORBIDDEN_CALLS = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}
FORBIDDEN_TEXT = re.compile(
    r"torch\.load|allow_pickle=True|trust_remote_code=True|\beval\(|\bexec\(|shell=True"
)


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_module_says_what_it_is_and_what_it_does_not_know(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert docstring, "a module needs a docstring"
    if path.name != "__main__.py":
        assert re.search(r"[Kk]now|nothing|none|never|[Nn]o ", docstring), "say what the module does not know"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_file_and_functions_fit_on_a_screen(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_FILE_LINES, f"{lines} lines: two rooms in one?"
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= MAX_FUNCTION_LINES, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_functions_take_few_positional_parameters(path):
    for function in functions(path):
        names = [
            a.arg for a in function.args.posonlyargs + function.args.args if a.arg not in {"self", "cls"}
        ]
        if function.decorator_list and "cli" in path.parts:
            continue  # a command's parameters are its options
        assert len(names) <= MAX_PARAMETERS, f"{function.name}({', '.join(names)})"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_module_is_a_drawer_for_odds_and_ends(path):
    assert path.stem not in NAMES_WITHOUT_A_ROOM


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_nothing_that_runs_foreign_code_appears(path):
    text = path.read_text(encoding="utf-8")
    assert not FORBIDDEN_TEXT.search(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            assert not {name.split(".")[0] for name in names} & FORBIDDEN_CALLS


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_security_check_is_an_assert(path):
    """python -O removes them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_no_code_depends_on_a_model_by_name():
    names = {path.stem for path in (ROOT / "src/sightline/models/cards").glob("*.toml")} - {"mini"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                compared = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant)}
                assert not compared & names, f"{path.name} compares with {compared & names}"

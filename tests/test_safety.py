"""What the package's code may not do at all, read from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import fracture_widgets

PACKAGE = Path(fracture_widgets.__file__).parent
RUN_WHAT_THEY_LOAD = {
    *("pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"),
    *("h5py", "tables", "torch", "yaml"),
}
RUN_TEXT = {"eval", "exec", "compile", "__import__"}
RUN_COMMANDS = {"system", "popen", "spawnl", "spawnv", "execv", "execl", "startfile"}
KERAS_READERS = {"load_model", "load_weights", "model_from_json", "model_from_config"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: what it is a method or function of, its name, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=value, attr=name):
                    yield ast.unparse(value), name, node
                case ast.Name(id=name):
                    yield "", name, node


def said(call: ast.Call, keyword: str) -> object:
    """The value of a keyword that is written out as a constant."""
    for given in call.keywords:
        if given.arg == keyword and isinstance(given.value, ast.Constant):
            return given.value.value
    return None


def problems(tree: ast.AST) -> list[str]:
    found = [
        f"imports {name}" for name in imported(tree) if name.partition(".")[0] in RUN_WHAT_THEY_LOAD
    ]
    for owner, name, call in calls(tree):
        if name == "load" and owner in {"np", "numpy"} and said(call, "allow_pickle") is not False:
            found.append("np.load without allow_pickle=False")
        if said(call, "allow_pickle") is True:
            found.append(f"{name} with allow_pickle=True")
        if name == "read_pickle" or (owner.startswith("keras") and name in KERAS_READERS):
            found.append(f"loads with {owner}.{name}")
        if (not owner and name in RUN_TEXT) or (owner == "os" and name in RUN_COMMANDS):
            found.append(f"runs with {name}")
        if said(call, "shell") is True:
            found.append(f"{name} with a shell")
        if name in {"extractall", "extract", "unpack_archive"}:
            found.append(f"unpacks to disk with {name}")
    return found


@pytest.mark.slow
def test_the_package_was_found():
    assert len(dict(trees())) > 100


@pytest.mark.slow
def test_nothing_is_loaded_that_could_run_and_no_text_is_run():
    assert {name: found for name, tree in trees() if (found := problems(tree))} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import torch.serialization",
        "def f():\n    import h5py",
        "import numpy as np\nnp.load('x.npz')",
        "import numpy as np\nnp.load('x.npz', allow_pickle=True)",
        "import pandas\npandas.read_pickle('x')",
        "import keras\nkeras.saving.load_model('x')",
        "eval('1')",
        "import os\nos.system('x')",
        "import subprocess\nsubprocess.run('x', shell=True)",
        "archive.extractall()",
    ],
)
def test_each_of_these_would_be_noticed(code):
    assert problems(ast.parse(code))


def test_an_allowed_load_is_not_noticed():
    assert problems(ast.parse("import numpy as np\nnp.load('x.npz', allow_pickle=False)")) == []


def front_end() -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8")
        for path in PACKAGE.rglob("*")
        if path.suffix in {".js", ".html", ".j2"}
    }


def test_no_page_of_ours_parses_a_text_as_html_or_code():
    parsers = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc"
        r"|createContextualFragment|setHTMLUnsafe|\beval\(|new Function|\|\s*safe\b|{%\s*raw\b"
    )
    scripts = front_end()
    assert len(scripts) > 20
    assert [name for name, text in scripts.items() if parsers.search(text)] == []

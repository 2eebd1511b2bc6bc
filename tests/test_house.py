"""What may not be in the repository, checked over every tracked file."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".json", ".ipynb", ".cfg", ".csv", ".css", ".js", ""}


def _tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: the tracked files cannot be listed")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.exists()]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    return _tracked()


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in tracked
        if path.suffix in TEXT
    }


def _where(texts: dict[str, str], pattern: str) -> list[str]:
    found = re.compile(pattern)
    return [name for name, text in texts.items() if found.search(text)]


def test_nothing_that_runs_code_when_loaded(tracked: list[Path]) -> None:
    banned = {".pkl", ".pickle", ".joblib", ".h5", ".hdf5", ".pt", ".pth"}
    assert [p.name for p in tracked if p.suffix.lower() in banned] == []


def test_no_radiograph_that_is_not_ours_to_ship(tracked: list[Path]) -> None:
    assert [p.name for p in tracked if p.suffix.lower() in {".dcm", ".dicom"}] == []
    assert [p.name for p in tracked if re.match(r"IMG\d{7}", p.name)] == []


def test_the_models_fit_in_sixty_megabytes(tracked: list[Path]) -> None:
    models = [p.stat().st_size for p in tracked if (ROOT / "models") in p.parents]
    assert sum(models) <= 60_000_000


def test_no_path_of_one_machine(texts: dict[str, str]) -> None:
    # Spelt in halves, so that this file is not its own finding.
    halves = [("ho", "me/"), ("ro", "ot/"), ("Us", "ers/"), ("wo", "rk/")]
    homes = "|".join(("/" + a + b) for a, b in halves) + r"|C:\\Us" + "ers"
    assert _where(texts, rf"(?<![\w.])({homes})") == []


def test_no_host_of_a_package_index(texts: dict[str, str]) -> None:
    assert _where(texts, "py" + r"pi\.org|python" + r"hosted|anaconda" + r"\.org") == []


def test_nothing_is_fetched_from_a_content_network(texts: dict[str, str]) -> None:
    inside = {n: t for n, t in texts.items() if n.startswith(("fracture_widgets/", "notebooks/"))}
    assert _where(inside, "(unp" + r"kg\.com|jsde" + r"livr|cdn" + r"js|fonts\.google)") == []


def test_notebooks_keep_their_outputs_and_hold_no_upload(texts: dict[str, str]) -> None:
    notebooks = {n: json.loads(t) for n, t in texts.items() if n.endswith(".ipynb")}
    assert notebooks
    for name, notebook in notebooks.items():
        assert "widgets" not in notebook["metadata"], name
        code = [c for c in notebook["cells"] if c["cell_type"] == "code" and c["source"]]
        assert all(c["execution_count"] for c in code), name
        assert any(c["outputs"] for c in code), name


def test_no_file_is_longer_than_one_subject(texts: dict[str, str]) -> None:
    lengths = {
        name: text.count("\n")
        for name, text in texts.items()
        if name.startswith("fracture_widgets/") and name.endswith(".py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_only_the_files_of_the_body_parts_name_them() -> None:
    """A body part is one file: elsewhere its name is asked of the registry."""
    assert _parts_named_in('a = "Elbow"\nb = f"no elbows, {1} hands"') == [1, 2]
    assert _parts_named_in('"""An elbow and a hand."""\nb = "held by hand"') == []
    package = ROOT / "fracture_widgets"
    allowed = {package / "datasets" / "fracatlas.py"}  # columns of FracAtlas's published table
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in package.rglob("*.py")
        if package / "parts" not in path.parents and path not in allowed
        if (lines := _parts_named_in(path.read_text("utf-8")))
    }
    assert found == {}


_PARTS = re.compile(r"\b(elbow|hand|shoulder)s?\b", re.IGNORECASE)


def _parts_named_in(code: str) -> list[int]:
    """Return the lines of literals that are a body part's name, or list several of them."""
    tree = ast.parse(code)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = [x.value for x in node.values if isinstance(x, ast.Constant)]
            prose.update(map(id, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            pieces = [node.value]
        else:
            continue
        text = " ".join(map(str, pieces))
        named = {word.lower() for word in _PARTS.findall(text)}
        if id(node) not in prose and (len(named) > 1 or _PARTS.fullmatch(text.strip())):
            lines.append(node.lineno)
    return sorted(lines)


def _calls(trees: dict[str, ast.Module], home: str) -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the package outside of one file, with the name that is called last."""
    for name, tree in trees.items():
        for node in ast.walk(tree) if name != home else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield f"{name}:{node.lineno}", node, node.func.attr


@pytest.fixture(scope="module")
def trees(texts: dict[str, str]) -> dict[str, ast.Module]:
    return {
        name: ast.parse(text)
        for name, text in texts.items()
        if name.startswith("fracture_widgets/") and name.endswith(".py")
    }


def _renames(call: ast.Call, name: str) -> bool:
    """Say whether a call may rename a file: texts and times are replaced with other arguments."""
    one_path = len(call.args) == 1 and not call.keywords
    owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
    return (
        (name in {"replace", "rename"} and (one_path or owner == "os"))
        or (name in {"fsync", "fdatasync", "renames", "link"} and owner == "os")
        or (name == "move" and owner == "shutil")
    )


def test_one_file_alone_renames_and_flushes_files(trees: dict[str, ast.Module]) -> None:
    calls = _calls(trees, "fracture_widgets/base/files.py")
    assert [where for where, call, name in calls if _renames(call, name)] == []


@pytest.mark.parametrize(
    "line",
    ["path.replace(target)", "os.replace(a, b)", "a.rename(b)", "os.fsync(f)", "shutil.move(a, b)"],
)
def test_a_renaming_is_found(line: str) -> None:
    ((_, call, name),) = _calls({"x": ast.parse(line)}, "")
    assert _renames(call, name)


def test_one_file_alone_writes_tables(trees: dict[str, ast.Module]) -> None:
    home = "fracture_widgets/base/tables.py"
    writers = {"to_csv", "to_parquet", "to_excel", "ParquetWriter", "savetxt"}
    assert [where for where, _, name in _calls(trees, home) if name in writers] == []
    imported = {
        f"{name}:{node.lineno}": {alias.name for alias in node.names}
        | ({node.module or ""} if isinstance(node, ast.ImportFrom) else set())
        for name, tree in trees.items()
        for node in (ast.walk(tree) if name != home else ())
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert [where for where, names in imported.items() if "csv" in names] == []

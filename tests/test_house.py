"""What may not be in the repository, checked over every tracked file."""

from __future__ import annotations

import ast
import json
import re
import subprocess
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

"""One list of dependencies: what is declared, pinned, imported and installed agrees."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fracture_widgets.phantoms import draw_phantom

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fracture_widgets"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]

# The machine on which constraints.txt is written; other platforms need a package more or less.
TESTED = {
    "python_version": "3.11",
    "python_full_version": "3.11.2",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
}
BUILD_TOOLS = {"pip", "setuptools", "wheel"}


@cache
def _owners() -> dict[str, set[str]]:
    """The installed distributions, by canonical name, behind each top-level import name."""
    found = metadata.packages_distributions()
    return {name: {canonicalize_name(owner) for owner in found[name]} for name in found}


def _applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**TESTED, "extra": extra})


def _direct(*extras: str) -> Iterator[Requirement]:
    """The direct requirements of the base install and the extras named, on the tested machine."""
    for line in PROJECT["project"]["dependencies"]:
        yield Requirement(line)
    for extra in extras:
        for line in EXTRAS[extra]:
            requirement = Requirement(line)
            if requirement.name == PROJECT["project"]["name"]:
                yield from _direct(*sorted(requirement.extras))
            elif _applies(requirement):
                yield requirement


def _closure(requirements: Iterable[Requirement]) -> set[str]:
    """Canonical names of the requirements and of all that they require in turn."""
    seen: set[tuple[str, str]] = set()
    waiting = [(r.name, extra) for r in requirements for extra in ("", *r.extras)]
    while waiting:
        name, extra = waiting.pop()
        key = (canonicalize_name(name), extra)
        if key in seen:
            continue
        seen.add(key)
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if _applies(requirement, extra):
                waiting += [(requirement.name, inner) for inner in ("", *requirement.extras)]
    return {name for name, _ in seen}


@cache
def _installed() -> set[str]:
    return {canonicalize_name(found.metadata["Name"]) for found in metadata.distributions()}


def _pinned() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines)
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_constraints_are_names_and_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [x for x in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", x)] == []
    assert len(_pinned()) == len(lines)


def test_the_python_of_a_stable_debian_runs_every_version_that_is_pinned() -> None:
    here = ((name, metadata.distribution(name)) for name in _pinned() if name in _installed())
    same = [(name, found) for name, found in here if Version(found.version) == _pinned()[name]]
    assert len(same) > 0.9 * len(_pinned())
    needs = {name: found.metadata.get("Requires-Python") or "" for name, found in same}
    old = TESTED["python_full_version"]
    assert {x: need for x, need in needs.items() if not SpecifierSet(need).contains(old)} == {}


@pytest.mark.parametrize("requirement", list(_direct("all")), ids=lambda r: r.name)
def test_every_dependency_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(_pinned()[canonicalize_name(requirement.name)])


def test_constraints_reach_down_to_the_last_dependency() -> None:
    assert _closure(_direct("all")) - BUILD_TOOLS - set(_pinned()) == set()


def test_serving_does_not_drag_training_in() -> None:
    serving = _closure(_direct("dashboard"))
    assert {"onnxruntime", "voila"} <= serving
    assert (
        serving & {"tensorflow", "tensorflow-cpu", "keras", "tf-keras-vis", "jupyterlab"} == set()
    )


def test_the_extra_all_means_all() -> None:
    (everything,) = EXTRAS["all"]
    assert Requirement(everything).extras == set(EXTRAS) - {"all"}


def test_conda_users_get_the_same_packages_in_the_same_versions() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    assert environment["name"] == PROJECT["project"]["name"]
    assert pip == ["--constraint constraints.txt", "--editable .[all]"]
    assert sorted(entry.split()[0] for entry in conda) == ["pip", "python"]


def test_everyone_names_the_same_oldest_python() -> None:
    declared = PROJECT["project"]["requires-python"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python = next(str(x) for x in environment["dependencies"] if str(x).startswith("python "))
    oldest = declared.removeprefix(">=")
    assert f">={oldest}," in python
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_the_readme_and_the_makefile_name_only_extras_that_exist() -> None:
    for name in ("README.md", "Makefile", "CONTRIBUTING.md"):
        for named in re.findall(r"\[([a-z,]+)\]['\"]", (ROOT / name).read_text("utf-8")):
            assert set(named.split(",")) <= set(EXTRAS), name


def _imported() -> dict[str, set[str]]:
    """Top-level names imported anywhere in the package, with the files that import them."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.split(".")[0], set()).add(path.name)
    return found


def test_everything_imported_is_declared() -> None:
    declared = {
        canonicalize_name(r.name)
        for r in _direct(*(name for name in EXTRAS if name not in ("docs", "test", "all")))
    }
    undeclared = {
        name: files
        for name, files in _imported().items()
        if name not in sys.stdlib_module_names
        and name != PACKAGE.name
        and not _owners().get(name, set()) & declared
    }
    assert undeclared == {}


def _python(code: str) -> str:
    """What a fresh interpreter prints, with warnings as errors and none of our own state."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_importing_the_package_is_light() -> None:
    heavy = {
        *("tensorflow", "keras", "sklearn", "scipy", "onnx", "onnxruntime"),
        *("ipywidgets", "IPython", "matplotlib", "pandas", "numpy"),
    }
    loaded = _python("import fracture_widgets, sys; print(*{m.split('.')[0] for m in sys.modules})")
    assert heavy & set(loaded.split()) == set()


def test_answering_a_picture_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    """Whoever waits for the first answer waits for every import."""
    file = tmp_path / "hand.png"
    file.write_bytes(draw_phantom("hand", fractured=True, seed=2).radiograph.to_png())
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "onnx", "matplotlib", "pandas", "pydicom"}
    code = (
        "import sys\nfrom fracture_widgets.cli import main\n"
        f"assert main(['predict', {str(file)!r}]) == 0\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    _python(code)  # makes the graph that is kept on disk, for which onnx is needed
    assert heavy & set(_python(code).splitlines()[-1].split()) == set()


def test_opening_the_workbench_loads_no_library_that_it_does_not_need() -> None:
    """Every page that is opened is a kernel that imports all of this."""
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "onnx", "matplotlib", "pandas"}
    loaded = _python(
        "import sys\nfrom fracture_widgets import Workbench\nWorkbench()\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    assert heavy & set(loaded.splitlines()[-1].split()) == set()


def _modules() -> list[str]:
    paths = [p.relative_to(ROOT).with_suffix("") for p in PACKAGE.rglob("*.py")]
    return sorted(".".join(p.parts).removesuffix(".__init__") for p in paths)


# What the dashboard is made of needs the extra of that name; what it is asked to be does not.
JUPYTER = re.compile(r"fracture_widgets\.(app\.(?!limits)|serving\.(?!settings))")
WITHOUT_JUPYTER = [module for module in _modules() if not JUPYTER.match(module)]


def test_all_but_the_dashboard_imports_with_the_base_dependencies_alone() -> None:
    """A script on a server without Jupyter or TensorFlow can import every room but two."""
    expected = {"fracture_widgets.cli.commands.dashboard", "fracture_widgets.screening"}
    assert expected <= {*WITHOUT_JUPYTER}
    base = _closure(_direct())
    blocked = sorted(
        name
        for name, owners in _owners().items()
        if name != PACKAGE.name and not owners & (base | BUILD_TOOLS)
    )
    assert {"ipywidgets", "IPython", "tensorflow", "keras", "sklearn"} <= set(blocked)
    _python(
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({blocked!r}))\n"
        f"for name in {WITHOUT_JUPYTER!r}:\n"
        "    if not name.endswith('.__main__'):\n"
        "        importlib.import_module(name)\n"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


@pytest.mark.parametrize(
    "name",
    [
        "fracture_widgets/py.typed",
        "fracture_widgets/app/front/dist/viewer.js",
        "fracture_widgets/app/front/styles/viewer.css",
        "fracture_widgets/resources/joints.csv",
        "fracture_widgets/resources/models/card.json",
        "fracture_widgets/notebooks/dashboard.ipynb",
        "fracture_widgets-0.2.0.dist-info/licenses/LICENSE",
        "fracture_widgets-0.2.0.dist-info/licenses/NOTICE",
    ],
)
def test_the_wheel_answers_and_serves_without_a_checkout(wheel: zipfile.ZipFile, name: str) -> None:
    assert name in wheel.namelist()


def test_the_wheel_holds_the_package_and_nothing_of_the_workshop(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"fracture_widgets", "fracture_widgets-0.2.0.dist-info"}
    litter = (".ipynb_checkpoints", "__pycache__", ".pyc", "front/src", "front/build.js")
    assert [n for n in wheel.namelist() if any(x in n for x in litter)] == []


def test_the_wheel_alone_answers_a_radiograph(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    shutil.unpack_archive(str(wheel.filename), tmp_path / "site", "zip")
    picture = tmp_path / "elbow.png"
    picture.write_bytes(draw_phantom("elbow", fractured=True, seed=3).radiograph.to_png())
    answered = subprocess.run(
        [sys.executable, "-P", "-m", "fracture_widgets.cli", "predict", str(picture)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "elbow.png: elbow (" in answered.stdout


def test_the_source_archive_holds_all_that_the_wheel_is_made_of(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True, timeout=300)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt", "docs/conf.py"} <= names
    inside = {
        name.replace("resources/models/", "../models/").replace("fracture_widgets/notebooks", "x")
        for name in wheel.namelist()
    }
    ours = {name for name in inside if name.startswith("fracture_widgets/") and "../" not in name}
    assert ours <= names
    assert not [name for name in names if "node_modules" in name or "_build" in name]


def test_the_classifiers_name_the_python_that_the_constraints_were_tested_on() -> None:
    named = {
        line.rpartition(" ")[2]
        for line in PROJECT["project"]["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    }
    assert named == {TESTED["python_version"]}

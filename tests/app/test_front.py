"""The page's modules: their bundles are fresh, their checks and unit tests pass."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets.app.widgets.picture import pack
from fracture_widgets.imaging.radiograph import Radiograph

ROOT = Path(__file__).parents[2]
FRONT = ROOT / "fracture_widgets" / "app" / "front"
DIST = FRONT / "dist"
NODE_MODULES = ROOT / "node_modules"
UNPACK = """
import { unpack } from "./fracture_widgets/app/front/src/viewer/picture.js";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { values, top } = await unpack(Buffer.concat(chunks), JSON.parse(process.argv[1]));
console.log(JSON.stringify({ values: [...values], top }));
"""


def run(*command: str | Path, stdin: bytes | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def node() -> str:
    """Node; where CI runs, its absence is a failure."""
    found = shutil.which("node")
    if found is None and not os.environ.get("CI"):
        pytest.skip("no Node here: the page's modules are tested where there is one")
    assert found, "CI needs Node to test the page's modules"
    return found


@pytest.fixture(scope="module")
def tools(node: str) -> Path:
    """The programs that `npm ci` installs; where CI runs, they are installed."""
    if not (NODE_MODULES / "esbuild").exists():
        if not os.environ.get("CI"):
            pytest.skip("esbuild is not installed here: `npm ci` installs it")
        run(shutil.which("npm") or "npm", "ci")
    return NODE_MODULES / ".bin"


def sources() -> dict[str, str]:
    """The modules by their names below src/, each with its text."""
    below = FRONT / "src"
    names = sorted(path.relative_to(below).as_posix() for path in below.rglob("*.js"))
    return {name: (below / name).read_text("utf-8") for name in names}


def test_bundles_are_built_of_these_sources() -> None:
    digest = hashlib.sha256()
    for name, text in sources().items():
        digest.update(f"{name}\0{text}\0".encode())
    recorded = (FRONT / "dist" / "sources.sha256").read_text("utf-8").strip()
    assert digest.hexdigest() == recorded, "the bundles are stale: run `make front`"


def test_a_fresh_build_gives_the_bundles_to_the_byte(node, tools, tmp_path) -> None:
    run(node, FRONT / "build.js", tmp_path / "dist")

    def texts(folder: Path) -> dict[str, str]:
        return {path.name: path.read_text("utf-8") for path in folder.iterdir()}

    assert texts(tmp_path / "dist") == texts(FRONT / "dist"), "run `make front`"


def test_every_module_belongs_to_a_bundle() -> None:
    texts = sources()
    reached = {name for name, text in texts.items() if "\nexport default { render" in text}
    assert {Path(name).name for name in reached} == {path.name for path in DIST.glob("*.js")}
    for _ in texts:
        for name in tuple(reached):
            for imported in re.findall(r'from "(\.[^"]+)"', texts[name]):
                reached.add(posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)))
    assert reached == texts.keys()


def test_the_linter_finds_nothing(tools) -> None:
    run(tools / "biome", "check", "--error-on-warnings")


@pytest.mark.slow
def test_the_unit_tests_of_the_modules(node) -> None:
    files = sorted((ROOT / "tests" / "front").glob("*.test.js"))
    assert files
    run(node, "--test", *files)


@pytest.mark.parametrize("depth", [8, 16])
def test_a_packed_picture_is_unpacked_to_the_last_bit(node, depth) -> None:
    greys = np.random.default_rng(depth).integers(0, 2**depth, (23, 37))
    pixels = greys.astype(np.float32) / np.float32(2**depth - 1)
    packed = pack(Radiograph(pixels, "a.png", "0", "PNG"))
    assert packed.depth == depth
    shape = f'{{"width": 37, "height": 23, "depth": {depth}}}'
    unpacked = run(node, "--input-type=module", "-e", UNPACK, shape, stdin=packed.data)
    values = ",".join(map(str, greys.ravel().tolist()))
    assert unpacked.strip() == f'{{"values":[{values}],"top":{2**depth - 1}}}'

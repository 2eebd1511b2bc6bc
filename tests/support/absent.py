"""An environment in which extras of the package are not installed, as programs find it."""

from __future__ import annotations

import os
from pathlib import Path

_HIDES = """\
from importlib.machinery import PathFinder

_find = PathFinder.find_spec


def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in {absent!r} else _find(name, path, target)


PathFinder.find_spec = find_spec
"""


def hide(folder: Path, *packages: str) -> str:
    """Return a ``PYTHONPATH`` with which no program finds these packages."""
    hider = _HIDES.replace("{absent!r}", repr(set(packages)))
    (folder / "sitecustomize.py").write_text(hider, "utf-8")
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))

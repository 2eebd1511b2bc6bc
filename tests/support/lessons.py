"""Cells of the lessons, run one by one: what they say of numbers that are given to them."""

from __future__ import annotations

import ast
import io
import json
from contextlib import redirect_stdout
from typing import Any

from fracture_widgets.course.lessons import notebooks_folder


def lesson(number: int) -> dict[str, str]:
    """Return the cells of a lesson by their names."""
    (file,) = notebooks_folder().glob(f"{number:02}_*.ipynb")
    cells = json.loads(file.read_text("utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def printed(number: int, *names: str, **known: Any) -> str:
    """Run cells of a lesson after what is known, and return what they print and show last."""
    cells = lesson(number)
    return "".join(run(cells[name], known) for name in names)


def run(source: str, known: dict[str, Any]) -> str:
    """Run a cell; what is known grows by what it names."""
    *body, last = ast.parse(source).body
    shows = isinstance(last, ast.Expr)
    before = ast.Module([*body] if shows else [*body, last], [])
    told = io.StringIO()
    with redirect_stdout(told):
        exec(compile(before, "<cell>", "exec"), known)  # noqa: S102 - cells of ours
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), known)  # noqa: S307
            told.write("" if shown is None else f"{shown!r}\n")
    return told.getvalue()

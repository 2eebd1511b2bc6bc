"""The notebooks of the course: what each is, the cards that lead to them, and one that is run."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fracture_widgets.base.files import scratch_folder, write_whole
from fracture_widgets.errors import FractureWidgetsError, MissingExtra, command

_PACKAGE = Path(__file__).resolve().parent.parent
KINDS = ("index", "tool", "text", "lesson")
_MODULES = {"train": ("tensorflow", "keras", "sklearn")}
"""What lessons import of each extra."""

_HEADINGS = (("tool", "Try it"), ("lesson", "Learn it"), ("text", "Look it up"))
_FOLDER = "DATASET = "
"""How the one line begins that says where a lesson's radiographs are."""
_CELL_SECONDS = 3600


@dataclass(frozen=True)
class Page:
    """A notebook that is a page of the course."""

    file: str
    title: str
    kind: str
    goal: str = ""
    minutes: int = 0
    needs: str = ""

    @property
    def number(self) -> str:
        """A lesson's number, e.g. ``"2"``; empty for a tool."""
        return self.file[:2].lstrip("0") if self.kind == "lesson" else ""

    @property
    def lacks(self) -> bool:
        """Whether packages of the extra that it needs are not installed."""
        return _lacks(self.needs)


def notebooks_folder() -> Path:
    """Return the folder of the notebooks: in an installed package, or in a checkout."""
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise FractureWidgetsError(
        "The notebooks are missing from this installation: install the package again."
    )


def read_pages(folder: Path | None = None) -> tuple[Page, ...]:
    """Return the pages in a folder: the index, the tools, then the lessons, each by name."""
    home = notebooks_folder() if folder is None else folder
    pages = [_page(file) for file in sorted(home.glob("*.ipynb"))]
    return tuple(sorted(pages, key=lambda page: KINDS.index(page.kind)))


def _page(file: Path) -> Page:
    try:
        metadata: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["metadata"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FractureWidgetsError(
            f"The notebook {file.name} cannot be read ({error}): install the package again."
        ) from error
    course = metadata.get("course", {})
    return Page(
        file=file.name,
        title=str(course.get("title", metadata.get("title", file.stem))),
        kind=course.get("kind") if course.get("kind") in KINDS else "tool",
        goal=str(course.get("goal", "")),
        minutes=int(course.get("minutes", 0)),
        needs=str(course.get("needs", "")),
    )


def require(extra: str, purpose: str = "This lesson") -> None:
    """Raise MissingExtra, a sentence, where packages of an extra are not installed."""
    if _lacks(extra):
        raise MissingExtra(purpose, extra)


def _lacks(extra: str) -> bool:
    return any(find_spec(name) is None for name in _MODULES.get(extra, ()))


class Contents:
    """Cards that lead to the tools and the lessons; as the last line of a cell it shows itself."""

    def __init__(self, pages: Sequence[Page] | None = None) -> None:
        found = read_pages() if pages is None else pages
        self.pages = tuple(page for page in found if page.kind != "index")

    def __repr__(self) -> str:
        return "\n".join(
            " · ".join(filter(None, (page.number, page.title, _minutes(page))))
            for page in self.pages
        )

    def _repr_html_(self) -> str:
        return f'<div class="fw-contents"><style>{_STYLE}</style>' + "".join(
            f"<h2>{heading}</h2><div class='fw-cards'>"
            + "".join(_card(page) for page in self.pages if page.kind == kind)
            + "</div>"
            for kind, heading in _HEADINGS
            if any(page.kind == kind for page in self.pages)
        ) + "</div>"  # fmt: skip


def _minutes(page: Page) -> str:
    return f"{page.minutes} minutes" if page.minutes else ""


def _card(page: Page) -> str:
    # The page of a lesson shows what is stored.
    doing = "to run it yourself: " if page.kind == "lesson" else "needs: "
    notes = [_minutes(page), f"{doing}{command(page.needs)}" if page.lacks else ""]
    number = f"<span class='fw-number'>{page.number}</span>" if page.number else ""
    return (
        f"<a class='fw-lesson' href='{escape(page.file)}'>{number}<b>{escape(page.title)}</b>"
        f"<span class='fw-goal'>{escape(page.goal)}</span>"
        f"<small>{escape(' · '.join(filter(None, notes)))}</small></a>"
    )


class ModelCard:
    """The cards of the model that answers; as the last line of a cell it shows itself."""

    def __init__(self) -> None:
        from fracture_widgets.evaluation.model_card import dataset_card, model_card
        from fracture_widgets.models.compose import load_composition

        card = load_composition().card
        self._text = f"{model_card(card)}\n{dataset_card(card)}"
        self._name = f"ModelCard({str(card['name'])!r})"

    def __repr__(self) -> str:
        return self._name

    def _repr_markdown_(self) -> str:
        return self._text


@dataclass(frozen=True)
class Rehearsal:
    """What became of a lesson: its notebook with what the cells gave, seconds, what stopped it."""

    notebook: Any
    seconds: float
    problem: str = ""

    @property
    def printed(self) -> str:
        """What its cells printed or showed, as text."""
        return "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "") + "\n"
            for cell in self.notebook.cells
            for output in cell.get("outputs", ())
            if output.output_type != "error" and output.get("name") != "stderr"
        )

    def save(self, file: Path) -> None:
        """Write the notebook with what its cells gave."""
        formats: Any = import_module("nbformat")
        write_whole(file, (formats.writes(self.notebook) + "\n").encode())


def rehearse(lesson: Path, dataset: Path | None = None) -> Rehearsal:
    """Run a lesson from its first cell to its last, on a folder in place of the drawn ones."""
    try:
        import nbclient

        formats: Any = import_module("nbformat")
    except ImportError:
        raise MissingExtra("Running a lesson", "notebooks") from None
    notebook: Any = formats.read(lesson, as_version=4)
    if dataset is not None:
        _name_folder(notebook, dataset.resolve(), lesson.name)
    problem, start = "", time.monotonic()
    with scratch_folder() as scratch:
        client = nbclient.NotebookClient(
            notebook, timeout=_CELL_SECONDS, resources={"metadata": {"path": os.fspath(scratch)}}
        )
        _keep_to_itself(client)
        try:
            client.execute(
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"},
                stderr=subprocess.DEVNULL,  # what the kernel says of itself; a cell's is kept
            )
        except nbclient.exceptions.CellExecutionError as error:
            problem = f"{error.ename}: {error.evalue}"
    return Rehearsal(notebook, time.monotonic() - start, problem)


def _keep_to_itself(client: Any) -> None:
    """Have the output widgets of what can be slid tell the kernel nothing of what they show.

    nbclient sends that past the loop that waits for the cell's reply, and so may never hear of the
    reply: a cell with a slider then hung until its time was up (jupyter/nbclient, issue 312).
    """
    from nbclient.output_widget import OutputWidget

    class Quiet(OutputWidget):
        def send(self, *_: object, **__: object) -> None:
            pass

    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": Quiet}}


def _name_folder(notebook: Any, dataset: Path, lesson: str) -> None:
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        named = [number for number, line in enumerate(lines) if line.startswith(_FOLDER)]
        if cell.cell_type == "code" and named:
            lines[named[0]] = f"{_FOLDER}{os.fspath(dataset)!r}"
            cell.source = "\n".join(lines)
            return
    raise FractureWidgetsError(f"{lesson} has no line {_FOLDER.strip()} that names a folder.")


_STYLE = """
.fw-contents { color-scheme: light; font: 400 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  sans-serif; }
body[data-jp-theme-light="false"] .fw-contents { color-scheme: dark; }
@media screen and (prefers-color-scheme: dark) {
  body[data-fw-page] .fw-contents { color-scheme: dark; }
}
.fw-contents h2 { font-size: 15px; font-weight: 600; color: light-dark(#4d5c69, #a9b7c3);
  margin: 26px 0 10px; }
.fw-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
  gap: 14px; }
.fw-contents a.fw-lesson { display: flex; flex-direction: column; gap: 6px; padding: 16px 18px;
  background: light-dark(#fff, #1a232c); border: 1px solid light-dark(#d5dde4, #33414d);
  border-radius: 10px; color: light-dark(#14202b, #e6edf3); text-decoration: none; }
.fw-contents a.fw-lesson:is(:hover, :focus-visible) { border-color: light-dark(#1f5f8b, #6db3e3);
  box-shadow: 0 2px 10px rgb(0 0 0 / 15%); text-decoration: none; }
.fw-contents .fw-number { font-size: 13px; font-weight: 600; color: light-dark(#1f5f8b, #6db3e3); }
.fw-contents b { font-size: 17px; line-height: 1.3; }
.fw-contents .fw-goal { flex: 1; }
.fw-contents :is(.fw-goal, small) { color: light-dark(#4d5c69, #a9b7c3); }
.fw-contents small { font-size: 13px; }
"""

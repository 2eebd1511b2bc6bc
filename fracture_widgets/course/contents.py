"""The list of contents: it reads in the notebooks what each of them is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fracture_widgets.errors import FractureWidgetsError, MissingExtra, command

_PACKAGE = Path(__file__).resolve().parent.parent
KINDS = ("index", "tool", "text", "lesson")


_MODULES = {"train": ("tensorflow", "keras", "sklearn")}
"""What lessons import of each extra."""

_HEADINGS = (("tool", "Try it"), ("lesson", "Learn it"), ("text", "Look it up"))


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

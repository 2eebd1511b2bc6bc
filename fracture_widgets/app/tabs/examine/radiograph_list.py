"""The radiographs at hand."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.pictures import Picture, PictureList
from fracture_widgets.app.widgets.thumbnails import thumbnail
from fracture_widgets.models.verdict_words import verdict_heading, verdict_slug

__all__ = ["WorklistPanel"]


class WorklistPanel(widgets.VBox):
    """Lists the radiographs with name, size and answer, and the files that could not be read."""

    def __init__(self, state: WorkbenchState, *, executor: Executor | None = None) -> None:
        self._state = state
        self.problems = widgets.HTML()
        self.problems.add_class("fw-problems")
        self.heading = widgets.HTML()
        self.heading.add_class("fw-heading")
        self.pictures = PictureList(label="Your radiographs", executor=executor)
        self.pictures.add_class("fw-queue")
        self.pictures.observe(self._choose, "chosen")
        self.pictures.observe(self._remove, "removed")
        state.observe(self._list, ["entries", "selected_key"])
        state.observe(self._complain, "problems")
        super().__init__([self.problems, self.heading, self.pictures])
        self._list()
        self._complain()

    def _choose(self, change: Any) -> None:
        if self._state.entry(change["new"]) is not None:
            self._state.selected_key = change["new"]

    def _remove(self, change: Any) -> None:
        if change["new"] is not None:
            self._state.remove(change["new"])

    def _list(self, _: object = None) -> None:
        entries: tuple[Entry, ...] = self._state.entries
        many = f" ({len(entries)})" if len(entries) > 1 else ""
        self.heading.value = f"<h2>Your radiographs{many}</h2>" if entries else ""
        self._make_room()
        self.pictures.list_pictures(
            [_picture(entry, chosen=entry.key == self._state.selected_key) for entry in entries]
        )

    def _complain(self, _: object = None) -> None:
        lines = "".join(f"<li>{escape(problem)}</li>" for problem in self._state.problems)
        self.problems.value = f'<ul role="alert">{lines}</ul>' if lines else ""
        self.problems.layout.display = None if lines else "none"
        self._make_room()

    def _make_room(self) -> None:
        self.heading.layout.display = None if self._state.entries else "none"
        self.pictures.layout.display = None if self._state.entries else "none"
        empty = not self._state.entries and not self._state.problems
        self.layout.display = "none" if empty else None


def _picture(entry: Entry, *, chosen: bool) -> Picture:
    radiograph = entry.radiograph
    tag, tone = "", "normal"
    if entry.report is not None:
        part, verdict = verdict_heading(entry.report.answer)
        tag = f"{part.lower()}, {verdict}".removeprefix(", ")
        tone = verdict_slug(entry.report.verdict)
    elif entry.problem:
        tag, tone = "not answered", "problem"
    drawn = ", drawn" if radiograph.source_format == "drawn" else ""
    # The end of a long name, where these stand too, is cut off.
    numbers = (("frame", radiograph.frame), ("window", radiograph.window))
    which = "".join(f", {what} {number + 1}" for what, number in numbers if number)
    return Picture(
        key=entry.key,
        title=radiograph.name,
        note=f"{radiograph.width} × {radiograph.height} px{which}{drawn}",
        alt=f"Thumbnail of {radiograph.name}",
        thumbnail=partial(thumbnail, radiograph),
        chosen=chosen,
        removable=True,
        tag=tag,
        tone=tone,
    )

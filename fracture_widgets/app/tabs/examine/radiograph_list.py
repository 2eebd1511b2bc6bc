"""The radiographs at hand."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.table import Picture, PictureList, thumbnail
from fracture_widgets.models.verdict_words import verdict_heading, verdict_slug

__all__ = ["RadiographList"]


class RadiographList(widgets.VBox):
    """Lists the radiographs with name, size and answer, and the files that could not be read."""

    def __init__(self, state: WorkbenchState, *, executor: Executor | None = None) -> None:
        self._state = state
        self.problems = named(widgets.HTML(), "fw-problems")
        self.heading = named(widgets.HTML(), "fw-heading")
        self.pictures = PictureList(
            self._choose, self._state.remove, label="Your radiographs", executor=executor
        )
        self.pictures.add_class("fw-queue")
        super().__init__([self.problems, self.heading, self.pictures])
        state.observe(self._list, "listed")
        state.observe(lambda change: self._update(change["old"], change["new"]), "selected_key")
        state.observe(lambda change: self._update(change["new"].key), "answered")
        state.observe(self._show_problems, "problems")
        self._list()
        self._show_problems()

    def _choose(self, key: int) -> None:
        if self._state.entry(key) is not None:
            self._state.selected_key = key

    def _list(self, _: object = None) -> None:
        entries = self._state.entries
        many = f" ({len(entries)})" if len(entries) > 1 else ""
        self.heading.value = f"<h2>Your radiographs{many}</h2>" if entries else ""
        self._make_room()
        self.pictures.list_pictures([self._picture(entry) for entry in entries])

    def _update(self, *keys: int | None) -> None:
        for key in keys:
            entry = self._state.entry(key)
            if entry is not None:
                self.pictures.update_picture(self._picture(entry))

    def _show_problems(self, _: object = None) -> None:
        lines = "".join(f"<li>{escape(problem)}</li>" for problem in self._state.problems)
        self.problems.value = f'<ul role="alert">{lines}</ul>' if lines else ""
        set_shown(self.problems, bool(lines))
        self._make_room()

    def _make_room(self) -> None:
        listed = bool(self._state.listed)
        set_shown(self.heading, listed)
        set_shown(self.pictures, listed)
        set_shown(self, listed or bool(self._state.problems))

    def _picture(self, entry: Entry) -> Picture:
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
            chosen=entry.key == self._state.selected_key,
            removable=True,
            tag=tag,
            tone=tone,
        )

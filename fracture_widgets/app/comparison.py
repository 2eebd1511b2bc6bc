"""The radiograph, and on request another one beside it: a prior, another view, the other side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.state import Entry, WorkbenchState
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.viewer import Viewer
from fracture_widgets.base.language import gettext


class Comparison(widgets.Box):
    """Shows the selected radiograph in ``viewer``, and another beside it where that is wanted.

    Both are zoomed and moved together until *Zoom together* is taken off. Windows and marks stay
    with each radiograph, on whichever side it was looked at.
    """

    def __init__(
        self,
        state: WorkbenchState,
        viewer: Viewer,
        *,
        looked: Callable[[str], object] = lambda _: None,
        executor: Executor | None = None,
    ) -> None:
        self._state, self.viewer = state, viewer
        self._looked, self._executor = looked, executor
        self.other: Viewer | None = None
        self.choice = named(widgets.Dropdown(description=gettext("Beside it")), "fw-field")
        self.joined = named(
            widgets.Checkbox(value=True, description=gettext("Zoom together"), indent=False),
            "fw-setting",
        )
        self._head = named(widgets.HBox([self.choice, self.joined]), "fw-beside-head")
        set_shown(self._head, False)
        super().__init__([self._head, viewer])
        self.add_class("fw-pair")
        viewer.on_compare(self.toggle)
        self.choice.observe(self._show, "value")
        self.joined.observe(self._join, "value")
        state.observe(self._offer, ["listed", "selected_key", "answered", "read_first"])

    def toggle(self) -> None:
        """Put another radiograph beside the one shown, or take it away."""
        if self.other is None and len(self._state.listed) > 1:
            self.other = Viewer(looked=self._looked, executor=self._executor)
            self.other.looks = self.viewer.looks
        elif self.other is not None:
            self.other = None
        shown = (self._head, self.viewer, self.other)
        self.children = [each for each in shown if each is not None]
        self.viewer.compared = self.other is not None
        set_shown(self._head, self.viewer.compared)
        (self.add_class if self.viewer.compared else self.remove_class)("fw-compared")
        self._join()
        self._offer()

    def _join(self, _: object = None) -> None:
        together = self.other is not None and self.joined.value
        (self.add_class if together else self.remove_class)("fw-joined")

    def _offer(self, _: Any = None) -> None:
        """Offer the other radiographs; that which stands beside stays, while it is one of them."""
        if self.other is None:
            return
        selected = self._state.selected
        others = [entry for entry in self._state.entries if entry is not selected]
        if selected is None or not others:
            self.toggle()
            return
        study = selected.radiograph.study
        kept = [entry.key for entry in others if entry.key == self.choice.value]
        views = [entry.key for entry in others if study and entry.radiograph.study == study]
        after = [entry.key for entry in others if entry.key > selected.key]
        with self.hold_trait_notifications():
            self.choice.options = [(_named(entry, study), entry.key) for entry in others]
            self.choice.value = next(iter([*kept, *views, *after, others[0].key]))
        self._show()

    def _show(self, _: object = None) -> None:
        entry = self._state.entry(self.choice.value)
        if self.other is not None and entry is not None:
            self.other.display(self._state.in_sight(entry))


def _named(entry: Entry, study: str) -> str:
    same = bool(study) and entry.radiograph.study == study
    return (
        gettext("{name} (same study)", name=entry.radiograph.name)
        if same
        else entry.radiograph.name
    )

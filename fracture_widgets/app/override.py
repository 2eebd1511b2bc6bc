"""Answer all the same: a verdict on a radiograph that was refused, for a reason that is kept."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from fracture_widgets.app.widgets.controls import button
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.language import gettext, marked
from fracture_widgets.records.saved_result import REASON_LENGTH, printable

_OWN = marked("Another reason")
_REASONS = (
    marked("For teaching: to see what the networks say"),
    marked("It is one of these joints, and refused by mistake"),
    marked("What is wrong with the picture does not matter here"),
    _OWN,
)


class OverridePanel(widgets.VBox):
    """Asks why a refused radiograph is to be answered, and gives the reason to ``answer``."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        self._answer = answer
        self.ask = button(
            gettext("Answer all the same"),
            self._unfold,
            gettext("For teaching: show what the networks say, with this warning on every report"),
        )
        self.why = named(
            widgets.Dropdown(
                options=[(gettext("Choose a reason"), ""), *((gettext(x), x) for x in _REASONS)],
                description=gettext("Why?"),
            ),
            "fw-field",
        )
        own = widgets.Text(description=gettext("In your words (optional)"))
        self.words = named(own, "fw-field")
        self.go = button(gettext("Answer"), self._go, kind="fw-primary")
        self._asked = named(widgets.VBox([self.why, self.words, self.go]), "fw-why")
        super().__init__([self.ask, self._asked])
        for field in (self.why, self.words):
            field.observe(self._check, "value")
        self.begin()

    def begin(self) -> None:
        """Ask anew."""
        self.why.value = self.words.value = ""
        self._unfold(False)
        self._check()

    def _unfold(self, opened: bool = True) -> None:
        set_shown(self._asked, opened)

    def _check(self, _: object = None) -> None:
        told = bool(printable(self.words.value))
        self.go.disabled = not self.why.value or (self.why.value == _OWN and not told)
        self.go.tooltip = gettext("Say why first.") if self.go.disabled else ""

    def _go(self) -> None:
        own = printable(self.words.value)[:REASON_LENGTH].rstrip()
        chosen = "" if self.why.value == _OWN else self.why.value
        reason = ": ".join(filter(None, [chosen, own]))
        if reason:
            self._answer(reason)

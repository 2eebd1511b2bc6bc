"""What is clicked through in a lesson that is shown as it is stored: made while it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

import ipywidgets as widgets

from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base import __version__
from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.language import gettext, marked

_BUSY = marked("What you can click through here is being computed; read on meanwhile.")


def mistakes() -> widgets.Widget:
    """Return the mistakes of lesson 6 to click through, on the radiographs that it draws."""
    from fracture_widgets.app.tabs.errors import ErrorBrowser
    from fracture_widgets.evaluation.evaluate import evaluate_predictions
    from fracture_widgets.models.cascade import Cascade
    from fracture_widgets.phantoms import write_phantoms

    drawn = ArrayCache().get_or_build(
        {"lesson": "06_evaluation", "version": __version__},
        lambda folder: write_phantoms(folder / "drawn", patients=16, seed=21),
    )
    cascade = Cascade.load()
    evaluation = evaluate_predictions(drawn / "drawn", cascade, show=None, limit=150, resamples=500)
    return ErrorBrowser(evaluation, cascade=cascade)


MADE: Mapping[str, Callable[[], widgets.Widget]] = {"mistakes": mistakes}
"""By the name in ``later`` among a cell's metadata: what stands there on the lesson's page."""


class Later(widgets.VBox):
    """Shows something once it is made in the background, by default in a thread."""

    def __init__(
        self, make: Callable[[], widgets.Widget], *, executor: Executor | None = None
    ) -> None:
        self.status = StatusLine()
        self.status.say(gettext(_BUSY))
        self.status.busy = True
        look = widgets.HTML(f"<style>{style('tokens', 'components')}</style>")
        super().__init__([look, self.status])
        self.add_class("fw-workbench")
        self._task = BackgroundTask(executor)
        self._task.start(lambda: [make()], self._show, self._give_up)

    def _show(self, made: widgets.Widget) -> None:
        self.children = [made]
        self.remove_class("fw-workbench")

    def _give_up(self, problem: str) -> None:
        self.status.busy = False
        self.status.say(problem, "problem")

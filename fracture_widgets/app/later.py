"""What is clicked through in a lesson that is shown as it is stored: computed while it is read."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import redirect_stdout
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.widgets.background import BackgroundTask, sentence
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import gettext, marked

_BUSY = marked("What you can click through here is being computed; read on meanwhile.")


class Later(widgets.VBox):
    """Runs a lesson's cells in the background, then shows what the last line of one gives.

    Parameters
    ----------
    before
        The code of the cells before it.
    cell
        The code of the cell, whose last line gives what is shown.
    executor
        Where the cells before it run; by default a thread.
    """

    def __init__(
        self, before: Sequence[str], cell: str, *, executor: Executor | None = None
    ) -> None:
        self._before, self._cell = tuple(before), cell
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self.status = StatusLine()
        self.status.say(gettext(_BUSY))
        self.status.busy = True
        look = widgets.HTML(f"<style>{style('tokens', 'components')}</style>")
        super().__init__([look, self.status])
        self.add_class("fw-workbench")
        self._task = BackgroundTask(executor)
        self._task.on_end(self._show)
        self._task.start(self._run, self._note)

    def _run(self) -> Iterator[float]:
        for done, code in enumerate(self._before, 1):
            with redirect_stdout(io.StringIO()):  # it stands where it is stored
                exec(code, self._names)  # noqa: S102 - a lesson of ours, as the kernel would
            yield done / len(self._before)

    def _note(self, progress: float) -> None:
        self.status.progress = progress

    def _show(self) -> None:
        self.status.busy, self.status.progress = False, None
        if self._task.problem:
            self.status.say(self._task.problem, "problem")
            return
        try:
            *lines, last = ast.parse(self._cell).body
            exec(compile(ast.Module(lines, []), "<lesson>", "exec"), self._names)  # noqa: S102
            shown = eval(ast.unparse(last), self._names)  # noqa: S307
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must read of it
            self.status.say(sentence(error), "problem")
            return
        self.children = [shown]
        self.remove_class("fw-workbench")

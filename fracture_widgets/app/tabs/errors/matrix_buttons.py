"""A confusion matrix to click on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fracture_widgets.app.tabs.errors.mistakes import MistakesState
from fracture_widgets.app.widgets.live import LiveWidget, script
from fracture_widgets.parts import LABELS

__all__ = ["MatrixButtons"]


class MatrixButtons(LiveWidget):
    """A confusion matrix whose cells are buttons."""

    _esm = script("matrix")

    def __init__(self, state: MistakesState) -> None:
        super().__init__()
        self._state = state
        state.observe(self._fill, "cell")
        self._fill()

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click on a cell."""
        super().receive(content, buffers)
        if content.get("type") == "choose":
            cell = (str(content["truth"]), str(content["answer"]))
            if set(cell) <= set(LABELS):
                self._state.cell = cell

    def _fill(self, _: object = None) -> None:
        rows = []
        for truth, counts in zip(LABELS, self._state.counts.tolist(), strict=True):
            total = sum(counts)
            cells = [
                {
                    "answer": answer,
                    "n": f"{n:,}",
                    "share": f"{n / total:.0%}" if total else "–",
                    "wrong": answer != truth,
                    "strength": n / total if total else 0.0,
                    "chosen": self._state.cell == (truth, answer),
                    "label": f"{n:,} {truth}, called {answer}",
                }
                for answer, n in zip(LABELS, counts, strict=True)
            ]
            rows.append({"truth": truth, "n": f"{total:,}", "cells": cells})
        self.show({"answers": list(LABELS), "rows": rows})

"""A list of 500 radiographs that is answered: what is sent to the page for each answer.

    python benchmarks/worklist.py [--radiographs 500] [--rounds 5]

Against the same list sent whole, rows and thumbnails, at every change. Jupyter's server drops what
a kernel sends above about 1 MB a second, and the networks give several answers a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from comparing import Comparison, run

from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.tabs.examine import RadiographList
from fracture_widgets.app.tabs.worklist import WorklistPanel
from fracture_widgets.app.widgets.table import thumbnail
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

KILOBYTE = 1e3


def measure(radiographs: int = 500, rounds: int = 5) -> list[Comparison]:
    """Return what was measured, a comparison for each row of the table."""
    state = WorkbenchState()
    table = WorklistPanel(state, open_selected=lambda: None).table
    pictures = RadiographList(state).pictures
    sent = [0.0]

    def count(content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        sent[0] += (len(json.dumps(content)) + sum(map(len, buffers))) / KILOBYTE

    table.send = pictures.send = count
    state.extend([_drawn(seed) for seed in range(radiographs)])
    thumbnails = sum(len(thumbnail(entry.radiograph)) for entry in state.entries) / KILOBYTE

    def whole() -> float:
        rows = [len(json.dumps(widget.content)) for widget in (table, pictures)]
        return sum(rows) / KILOBYTE + 2 * thumbnails

    chance = np.random.default_rng(0)
    changes: dict[str, tuple[list[float], list[float]]] = {}
    for _ in range(rounds):
        for work in ("an answer, sorted in", "another one chosen", "a filter set"):
            sent[0] = 0.0
            entry = state.entries[int(chance.integers(radiographs))]
            if work == "an answer, sorted in":
                state.answer(entry.key, _report(entry.radiograph, float(chance.random())))
            elif work == "another one chosen":
                table.receive({"type": "select", "key": entry.key})
            else:
                table.receive({"type": "filter", "text": str(int(chance.integers(10)))})
                filtered = sent[0]
                table.receive({"type": "filter", "text": ""})
                sent[0] = filtered
            ours, theirs = changes.setdefault(work, ([], []))
            ours.append(sent[0])
            theirs.append(whole())
    return [
        Comparison(f"{radiographs} radiographs: {work}", "all sent anew", ours, theirs, "-", "kB")
        for work, (ours, theirs) in changes.items()
    ]


def _drawn(seed: int) -> Radiograph:
    part = BODY_PARTS[seed % len(BODY_PARTS)]
    return draw_phantom(part, fractured=bool(seed % 2), seed=seed).radiograph


def _report(radiograph: Radiograph, probability: float) -> Report:
    heat = np.zeros((7, 7), np.float32)
    return Report(
        radiograph=radiograph,
        answer=Answer({"elbow": 0.01, "hand": 0.97, "shoulder": 0.02}, probability, probability),
        heatmap=heat,
        fracture_map=heat,
        model="0" * 64,
        timings={"total": 0.1},
    )


if __name__ == "__main__":
    run(measure)

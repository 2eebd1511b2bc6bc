"""Readings with known answers, and a source that needs no drawing."""

from __future__ import annotations

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, DoubtBand, Report
from fracture_widgets.parts import FRACTURED, NORMAL
from fracture_widgets.reading_room.cases import Case, digest


class KnownSource:
    """Cases whose key tells the answer: every second is fractured, at a known place."""

    key = "known"
    title = "Known radiographs"
    hint = "For tests."

    def choose(self, code, count, *, balanced):
        return [f"{code}-{number}-{'fractured' if number % 2 else 'normal'}"
                for number in range(count)]  # fmt: skip

    def case(self, key):
        broken = key.endswith(FRACTURED)
        picture = Radiograph(np.full((40, 30), 0.5, np.float32), f"{key}.png", digest(key), "PNG")
        boxes = (Box(0.4, 0.4, 0.6, 0.6),) if broken else ()
        return Case(key, picture, FRACTURED if broken else NORMAL, boxes, digest(key))


def report_of(radiograph, probability=0.7, *, refusal=""):
    heat = np.zeros((7, 7), np.float32)
    return Report(
        radiograph=radiograph,
        answer=Answer(
            {"elbow": 0.0, "hand": 1.0, "shoulder": 0.0},
            probability,
            probability,
            band=DoubtBand(0.3, 0.6),
            refusal=refusal,
        ),
        heatmap=heat,
        fracture_map=heat,
        model="m" * 64,
        timings={"total": 0.0},
    )

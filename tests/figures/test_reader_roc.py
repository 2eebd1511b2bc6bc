"""The reader's points beside the network's curve."""

from __future__ import annotations

import numpy as np

from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.figures.curves import ReaderRocDisplay


def test_each_curve_has_its_two_points_and_its_area():
    true = [True, True, False, False]
    areas = {
        "You": Estimate(0.875, 0.5, 1.0, 4, 4),
        "The network": Estimate(0.75, np.nan, np.nan, 4, 4),
    }
    scores = {"You": [2, 1, 1, 0], "The network": [0.9, 0.2, 0.4, 0.1]}
    display = ReaderRocDisplay(
        {name: ReaderRocDisplay.curve(true, scores[name], areas[name]) for name in areas},
        points={
            "You": ((0.5, 1.0), (0.0, 0.5)),
            "The network": ((0.5, 1.0), (float("nan"), 0.5)),
        },
    ).plot()
    (axes,) = display.axes_
    marked = [
        (line.get_marker(), *map(float, line.get_xydata()[0]))
        for line in axes.lines
        if line.get_marker() in {"o", "s"} and len(line.get_xdata())
    ]
    assert marked == [("o", 0.5, 1.0), ("s", 0.0, 0.5), ("o", 0.5, 1.0)]
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert said[:2] == ["You: AUROC 0.875 (0.500 to 1.000)", "The network: AUROC 0.750"]
    assert said[2:] == ["doubt counts as fractured", "doubt counts as normal"]

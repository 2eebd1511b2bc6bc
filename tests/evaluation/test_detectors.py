"""Detectors judged alike, and what others published beside them."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.evaluation.detection import (
    ALL,
    MAP50,
    MAP50_95,
    PUBLISHED,
    UPPER,
    Examined,
    Found,
    Marked,
    score_boxes,
    score_table,
    scores_in_markdown,
)
from fracture_widgets.imaging.boxes import Box

BOX, ELSEWHERE = Box(0.2, 0.2, 0.4, 0.4), Box(0.6, 0.6, 0.8, 0.9)
ANSWERS = {
    "right": {
        str(n): Examined(f"study{n // 2}", (Marked(BOX),), (Found(BOX, 0.9),)) for n in range(6)
    },
    "half": {
        str(n): Examined(
            f"study{n // 2}", (Marked(BOX),), (Found(BOX if n < 3 else ELSEWHERE, 0.9 - n / 10),)
        )
        for n in range(6)
    },
}


def test_boxes_have_precision_over_overlaps_and_sensitivity_at_false_boxes() -> None:
    scores = score_boxes(list(ANSWERS["half"].values()), resamples=20)
    assert scores[MAP50].value == pytest.approx(0.5, abs=0.01)
    assert scores[MAP50].low <= scores[MAP50].value <= scores[MAP50].high
    assert scores["found at 0.125 false boxes"].value == 0.5
    assert scores[MAP50_95].groups == 3
    shifted = [Examined("a", (Marked(BOX),), (Found(Box(0.2, 0.2, 0.4, 0.34), 0.5),))]
    assert score_boxes(shifted, resamples=0)[MAP50].value == pytest.approx(1, abs=0.01)
    assert score_boxes(shifted, resamples=0)[MAP50_95].value == pytest.approx(0.5, abs=0.05)


def test_every_model_has_a_row_for_each_limb_and_the_published_ones_none_of_theirs() -> None:
    part = {"part": {name: ANSWERS["half"][name] for name in "015"}}
    limbs = {ALL: list("012345"), UPPER: list("015"), "none": []}
    table = score_table({**ANSWERS, **part}, limbs, resamples=5)
    counted = table.drop_duplicates(["model", "limb"])
    assert counted[["limb", "model", "n", "groups", "fractures"]].to_numpy().tolist() == [
        [ALL, "right", 6, 3, 6],
        [ALL, "half", 6, 3, 6],
        [UPPER, "right", 3, 2, 3],
        [UPPER, "half", 3, 2, 3],
        [UPPER, "part", 3, 2, 3],
    ]
    assert np.isfinite(table["value"]).all()
    titles = {"right": "Right", "half": "Half", "part": "Part"}
    lines = scores_in_markdown(table, titles, ALL).splitlines()
    assert lines[0].startswith("| model | mAP50 | mAP50-95 | found at 0.125 false boxes |")
    assert lines[2].startswith("| Right | 1.000 (1.000 to 1.000) |")
    assert lines[4] == "| YOLOv8s (published) | 0.400 | 0.153 | – | – | – | – |"
    assert len(lines) == 4 + len(PUBLISHED)
    assert "published" not in scores_in_markdown(table, titles, UPPER)

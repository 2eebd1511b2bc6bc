from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.cascade.report import Answer, Report
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.rendering import report_png

EXAMINED_AT = datetime(2026, 5, 4, 9, 30).astimezone()
GREY = (0.2, 0.6)


@pytest.fixture
def report():
    pixels = np.full((200, 150), GREY[0], np.float32)
    pixels[:, 60:90] = GREY[1]
    heat = np.zeros((7, 7), np.float32)
    heat[3, 3] = 1.0
    return Report(
        radiograph=Radiograph(pixels, "hand.png", "a" * 64, "PNG"),
        answer=Answer({"elbow": 0.01, "hand": 0.97, "shoulder": 0.02}, 0.87, 0.87),
        heatmap=heat,
        fracture_map=heat,
        model="b" * 64,
        timings={"total": 0.1},
    )


def page(report):
    picture = Image.open(io.BytesIO(report_png(report, examined_at=EXAMINED_AT)))
    return np.asarray(picture.convert("RGB")).astype(int)


def test_the_page_is_a4_at_150_dots_per_inch(report):
    picture = Image.open(io.BytesIO(report_png(report)))
    inches = [side / dots for side, dots in zip(picture.size, picture.info["dpi"], strict=True)]
    assert inches == pytest.approx([8.27, 11.69], abs=0.01)


def test_the_same_report_at_the_same_time_is_the_same_page(report):
    first = report_png(report, examined_at=EXAMINED_AT)
    assert first == report_png(report, examined_at=EXAMINED_AT)


def test_nothing_reaches_into_the_margins(report):
    long = replace(
        report.radiograph,
        name="x" * 200 + "\n.png",
        source_format="drawn",
        warnings=("A warning that is far too long for one line. " * 6,) * 5,
    )
    white = page(replace(report, radiograph=long)) == 255
    assert white[:, :80].all()
    assert white[:, -80:].all()
    assert white[-40:].all()


@pytest.mark.parametrize(
    "change",
    [
        {"label": "normal"},
        {"fracture_probability": 0.2},
        {"body_part": "elbow"},
        {"model": "c" * 64},
        {"heatmap": np.zeros((7, 7), np.float32)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_said_is_on_the_page(report, change):
    assert (page(report) != page(replace(report, **change))).any()


def test_the_radiograph_is_on_the_left_and_the_heatmap_in_colour_on_the_right(report):
    picture = page(report)
    stages = picture[300:900]
    left, right = stages[:, 120:600], stages[:, 640:1120]
    grey = (np.ptp(left, axis=2) == 0) & (abs(left[..., 0] - 153) < 3)
    assert grey.mean() > 0.05
    assert (np.ptp(right, axis=2) > 100).mean() > 0.005

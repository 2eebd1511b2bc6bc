"""Drawings that are kept: what a seed draws must not change with the program.

The shipped model learned from drawings by their seeds, and lessons show them. Pixels are compared
as 8-bit greys to within one step, not by digest: sine and exponential may differ in their last
bit between processors, and a grey that lies on the edge of two steps then falls on the other side.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.phantoms import FRACTURE_KINDS, draw_phantom
from fracture_widgets.phantoms.limb import Pen

DATA = Path(__file__).parent / "data"
KEPT = json.loads((DATA / "phantoms.json").read_text("utf-8"))


def test_every_part_and_kind_of_fracture_is_kept():
    assert {row["part"] for row in KEPT} == {"elbow", "hand", "shoulder"}
    assert {row["kind"] for row in KEPT} == {*FRACTURE_KINDS, None}
    assert {row["exposure"] for row in KEPT} == {0, 1}


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row["file"])
def test_a_seed_draws_what_it_drew(row):
    phantom = draw_phantom(
        row["part"], fractured=bool(row["kind"]), seed=row["seed"], exposure=row["exposure"]
    )
    kept = np.asarray(Image.open(DATA / row["file"]), np.int16)
    drawn = np.rint(phantom.radiograph.pixels * 255).astype(np.int16)
    assert drawn.shape == kept.shape
    apart = np.abs(drawn - kept)
    assert apart.max() <= 1
    assert np.count_nonzero(apart) <= 0.001 * apart.size
    assert (phantom.fracture_kind, phantom.radiograph.name) == (row["kind"], row["name"])
    assert phantom.radiograph.spacing_mm == pytest.approx(row["spacing_mm"], rel=1e-9)
    boxes = [[box.x0, box.y0, box.x1, box.y1] for box in phantom.boxes]
    assert np.array(boxes) == pytest.approx(np.array(row["boxes"]), abs=1e-9)


def test_measures_hang_on_lengths():
    rows = "-19 6.5, -shaft 2fat, shaft-5 -0.5fat+3"
    measures = Pen(np.random.default_rng(0)).points(rows, shaft=10.0, fat=4.0)
    assert measures.tolist() == [[-19, 6.5], [-10, 8], [5, 1]]


@pytest.mark.parametrize("text", ["1 two", "1 2, 3", "1 2x3"])
def test_measures_that_make_no_sense_are_an_error(text):
    with pytest.raises((KeyError, ValueError)):
        Pen(np.random.default_rng(0)).points(text, x=1.0)


def test_a_limb_is_scaled_with_all_that_it_holds():
    def draw(size):
        pen = Pen(np.random.default_rng(0))
        box = pen.outline("0 0, 10 0, 10 20, 0 20")
        bone = pen.bone("shaft", box, radius=5.0)
        skin = pen.tissue("skin", box, 30.0, 9.0)
        site = pen.site("shaft", (5, 10), (0, 1), 5.0, "gap")
        return pen.limb([bone], [skin], [site], box, air=[skin], hollows=[(box, 0.5)]).scaled(size)

    once, twice = draw(1.0), draw(2.0)
    assert np.array_equal(twice.bones[0].outline, 2 * once.bones[0].outline)
    assert np.array_equal(twice.bones[0].cortex, 2 * once.bones[0].cortex)
    assert twice.tissues[0].thickness == twice.air[0].thickness == 60.0
    assert twice.sites[0].half_width == 10.0
    assert twice.sites[0].direction.tolist() == [0, 1]
    assert np.array_equal(twice.focus, 2 * once.focus)
    assert np.array_equal(twice.hollows[0][0], 2 * once.hollows[0][0])

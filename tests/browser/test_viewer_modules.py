"""The viewer's arithmetic, run where it runs: in a browser, on an empty page."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from playwright.sync_api import Browser

from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.picture_stream import pack
from fracture_widgets.imaging.radiograph import Radiograph

pytestmark = pytest.mark.browser

RANGES = (0.05, -900, -900), (20, 900, 900)
NAMES = ("viewer_geometry", "viewer_colours", "viewer_picture", "viewer_marks")


@pytest.fixture(scope="module")
def run(browser: Browser):
    """Evaluate JavaScript that knows the viewer's modules."""
    page = browser.new_page()

    def evaluate(body, argument=None):
        return page.evaluate(f"async given => {{ {script(*NAMES)}\n{body} }}", argument)

    yield evaluate
    page.close()


@pytest.fixture
def views():
    """Pictures, panes and views of every kind, from a seed."""
    rng = np.random.default_rng(0)
    return [
        {
            "picture": {
                "width": int(rng.integers(16, 5000)),
                "height": int(rng.integers(16, 5000)),
            },
            "pane": {"width": int(rng.integers(100, 2000)), "height": int(rng.integers(100, 1200))},
            "view": dict(zip(("scale", "x", "y"), rng.uniform(*RANGES), strict=True)),
            "point": dict(zip("xy", rng.uniform(0, 100, 2), strict=True)),
            "factor": float(rng.uniform(0.2, 5)),
        }
        for _ in range(300)
    ]


def test_a_fitted_picture_is_whole_and_in_the_middle(run, views):
    for one, view in zip(views, run("return given.map(o => fitView(o.picture, o.pane))", views),
                         strict=True):  # fmt: skip
        for side, start in (("width", "x"), ("height", "y")):
            shown = view["scale"] * one["picture"][side]
            assert shown <= one["pane"][side] + 1e-6
            assert view[start] == pytest.approx((one["pane"][side] - shown) / 2)


def test_pane_and_picture_are_one_another_s_inverse(run, views):
    again = run("return given.map(o => toPane(o.view, toPicture(o.view, o.point)))", views)
    for one, point in zip(views, again, strict=True):
        assert point == pytest.approx(one["point"], abs=1e-6)


def test_zooming_keeps_what_is_under_the_pointer(run, views):
    moved = run(
        """return given.map(o => {
          const before = fitView(o.picture, o.pane);
          const point = toPane(before, { x: o.picture.width * 0.4, y: o.picture.height * 0.7 });
          const after = zoomedAt(before, point, 1 + o.factor, o.picture, o.pane);
          return { before: toPicture(before, point), after: toPicture(after, point),
                   grown: after.scale / before.scale, scale: after.scale };
        })""",
        views,
    )
    for one, zoom in zip(views, moved, strict=True):
        assert zoom["after"] == pytest.approx(zoom["before"], rel=1e-6, abs=1e-6)
        assert zoom["scale"] == 32 or zoom["grown"] == pytest.approx(1 + one["factor"])


def test_a_picture_cannot_be_lost_from_sight(run, views):
    kept = run("return given.map(o => within(o.view, o.picture, o.pane))", views)
    for one, view in zip(views, kept, strict=True):
        for side, start in (("width", "x"), ("height", "y")):
            shown = view["scale"] * one["picture"][side]
            strip = min(40, shown) - 1e-6
            assert view[start] + shown >= strip
            assert view[start] <= one["pane"][side] - strip


def test_a_pane_that_changes_its_size_shows_the_same_place(run, views):
    seen = run(
        """return given.map(o => {
          const after = { width: o.pane.width * 0.8 + 60, height: o.pane.height };
          const middle = pane => ({ x: pane.width / 2, y: pane.height / 2 });
          const near = zoomedAt(fitView(o.picture, o.pane), middle(o.pane), 4, o.picture, o.pane);
          const whole = resized(fitView(o.picture, o.pane), o.picture, o.pane, after);
          return { before: toPicture(near, middle(o.pane)), whole,
                   after: toPicture(resized(near, o.picture, o.pane, after), middle(after)),
                   fitted: fitView(o.picture, after) };
        })""",
        views,
    )
    for one in seen:
        assert one["after"] == pytest.approx(one["before"], rel=1e-6)
        assert one["whole"] == pytest.approx(one["fitted"])


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        (None, "50 pixels"),
        ([0.2, 0.2], "10.0 mm"),
        ([0.5, 0.1], "20.2 mm"),
        ([0.1, 0.5], "15.5 mm"),
    ],
)
def test_lengths_know_that_rows_and_columns_may_differ(run, spacing, words):
    body = "return lengthInWords({ x: 10, y: 20 }, { x: 40, y: 60 }, given)"
    assert run(body, spacing) == words


def test_a_box_lies_inside_the_picture_whichever_way_it_was_drawn(run):
    body = """const picture = { width: 200, height: 100 };
      return [boxBetween({ x: 150, y: 20 }, { x: -30, y: 90 }, picture),
              boxBetween({ x: 50, y: 500 }, { x: 100, y: 50 }, picture)]"""
    assert run(body) == [[0, 0.2, 0.75, 0.9], [0.25, 0.5, 0.5, 1]]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_packed_picture_is_unpacked_to_the_last_bit(run, depth):
    rng = np.random.default_rng(depth)
    top = 2**depth - 1
    greys = rng.integers(0, top + 1, (23, 37))
    pixels = greys.astype(np.float32) / np.float32(top)
    packed = pack(Radiograph(pixels, "a.png", "0", "PNG"))
    assert packed.depth == depth
    assert zlib.decompress(packed.data)
    given = {"data": list(packed.data), "width": 37, "height": 23, "depth": depth}
    picture = run(
        "const { values, top } = await unpack(new Uint8Array(given.data), given);"
        "return { values: [...values], top }",
        given,
    )
    assert picture == {"values": greys.ravel().tolist(), "top": top}


def test_half_the_size_is_the_mean_of_four(run):
    picture = {"width": 5, "height": 3, "values": list(range(15)), "top": 255}
    half = run(
        "const half = halved({ ...given, values: new Uint8Array(given.values) });"
        "return { ...half, values: [...half.values] }",
        picture,
    )
    assert half == {"width": 2, "height": 1, "values": [3, 5], "top": 255}


def test_a_window_of_greys_cuts_off_what_lies_beyond(run):
    body = """const greys = (given, inverted) =>
        [...greyTable(255, given, inverted)].map(one => one & 255);
      return [greys({ width: 1, level: 0.5 }, false), greys({ width: 0.5, level: 0.5 }, false),
              greys({ width: 1, level: 0.5 }, true)]"""
    full, half, inverted = run(body)
    assert full == list(range(256))
    assert half[:64] == [0] * 64
    assert half[192:] == [255] * 64
    assert half[127] == pytest.approx(127, abs=1)
    assert inverted == full[::-1]


def test_colours_run_from_the_first_stop_to_the_last(run):
    colours = run("return Object.values(COLOURS).map(c => [colourAt(c, 0), colourAt(c, 1), c])")
    assert len(colours) == 3
    for first, last, stops in colours:
        assert [first, last] == [list(bytes.fromhex(part)) for part in (stops[:6], stops[-6:])]


def test_a_ruler_that_was_only_a_click_is_none(run):
    body = """const drawn = marks();
      drawn.begin("measure", { x: 5, y: 5 }); drawn.keep();
      const clicked = drawn.rulers.length;
      drawn.begin("measure", { x: 5, y: 5 }); drawn.move("to", { x: 9, y: 5 }); drawn.keep();
      drawn.begin("region", { x: 1, y: 1 }, { x: 8, y: 8 }); drawn.keep();
      const kept = [drawn.rulers.map(one => one.id), Boolean(drawn.region)];
      drawn.remove(1); drawn.clearRegion();
      return [clicked, kept, drawn.all.length]"""
    assert run(body) == [0, [[1], True], 0]

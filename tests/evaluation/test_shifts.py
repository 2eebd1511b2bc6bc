import ast
from pathlib import Path

import numpy as np
import pytest

import fracture_widgets.evaluation.shifts
from fracture_widgets.evaluation.shifts import SHIFTS, STRENGTHS, Shift, Shifted
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.phantoms import draw_phantom

BOX = Box(0.4, 0.3, 0.6, 0.5)
NO_LOT = {
    *("clipped-highlights", "clipped-shadows", "equalised", "few-greys", "inverted"),
    *("jpeg", "low-resolution", "sharpened"),
}


@pytest.fixture(scope="module")
def picture():
    return draw_phantom("hand", fractured=True, seed=3).radiograph.pixels


@pytest.fixture(scope="module")
def blob():
    """A dark picture with one bright ellipse, which fills the box."""
    y, x = np.mgrid[0:300, 0:240].astype(np.float32) + 0.5
    away = ((x / 240 - 0.5) / 0.1) ** 2 + ((y / 300 - 0.4) / 0.1) ** 2
    return np.where(away < 1, 0.9, 0.1).astype(np.float32)


def test_half_of_the_kinds_are_never_trained_on():
    unknown = sum(not shift.trained_on for shift in SHIFTS.values())
    assert len(SHIFTS) >= 27
    assert unknown >= len(SHIFTS) / 2
    assert all(name == shift.name for name, shift in SHIFTS.items())


def test_no_code_is_shared_with_a_training():
    folder = Path(fracture_widgets.evaluation.shifts.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert "training" not in (node.module or "")


@pytest.mark.parametrize("name", SHIFTS)
def test_a_seed_is_a_picture_and_pixels_are_left_alone(name, picture):
    given = picture.copy()
    first, again = (SHIFTS[name].apply(given, 3, seed=1) for _ in range(2))
    np.testing.assert_array_equal(given, picture)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.pixels.dtype == np.float32
    assert 0 <= first.pixels.min() < first.pixels.max() <= 1
    others = [SHIFTS[name].apply(given, 3, seed=[1, lot]).pixels for lot in range(8)]
    same = all(np.array_equal(first.pixels, other) for other in others)
    assert same == (name in NO_LOT)


@pytest.mark.parametrize("name", SHIFTS)
def test_strength_grows(name, picture):
    changes = [_change(picture, SHIFTS[name].apply(picture, s, seed=5)) for s in STRENGTHS]
    if name == "inverted":  # it is that from the first; more strength is less contrast
        changes = [-change for change in changes]
    steps = np.diff(changes)
    assert (steps > -0.05 * np.abs(changes[:-1])).all()
    assert changes[-1] > changes[0]


def _change(picture, shifted):
    """How far a radiograph has moved, or how much its greys differ where it has not."""
    height, width = shifted.pixels.shape
    if shifted.pixels.shape == picture.shape and np.allclose(shifted.places[0], np.eye(3)):
        return float(np.abs(shifted.pixels - picture).mean())
    aspect = np.log(height / width * picture.shape[1] / picture.shape[0])
    (a, b), (c, _) = shifted.places[0][:2, :2]
    angle = abs(np.arctan2(c * height, a * width))
    return (
        angle + abs(aspect)
        if b
        else abs(aspect) + float(np.abs(shifted.places[0] - np.eye(3)).sum())
    )


@pytest.mark.parametrize("name", SHIFTS)
@pytest.mark.parametrize("strength", [2, 5])
def test_boxes_stay_on_what_they_mark(name, strength, blob):
    """What is bright after a change that moves things lies where the box says."""
    for seed in range(3):
        shifted = SHIFTS[name].apply(blob, strength, seed=seed)
        boxes = shifted.boxes([BOX])
        assert 1 <= len(boxes) <= 2
        if np.allclose(shifted.places[0], np.eye(3)) and shifted.pixels.shape == blob.shape:
            assert _near(boxes[0], BOX, 1e-9)
            continue
        height, width = shifted.pixels.shape
        for box in boxes:
            rows = slice(round(box.y0 * height) + 1, round(box.y1 * height) - 1)
            columns = slice(round(box.x0 * width) + 1, round(box.x1 * width) - 1)
            inside = shifted.pixels[rows, columns]
            bright = np.argwhere(inside > 0.7)
            # The ellipse touches all four sides of its box.
            assert bright.min(axis=0) == pytest.approx((0, 0), abs=3)
            assert bright.max(axis=0) == pytest.approx(np.array(inside.shape) - 1, abs=3)


def _near(box, other, by):
    sides = [(each.x0, each.y0, each.x1, each.y1) for each in (box, other)]
    return bool(np.allclose(*sides, rtol=0, atol=by))


def test_what_is_cut_off_has_no_box():
    half = np.array([[2.0, 0, 0], [0, 1, 0], [0, 0, 1]])  # the left half alone
    shifted = Shifted(np.zeros((4, 4), np.float32), (half,))
    assert shifted.boxes([Box(0.6, 0.1, 0.9, 0.2)]) == []
    assert shifted.boxes([Box(0.45, 0.1, 0.6, 0.2)]) == []  # a third of it is left
    (left,) = shifted.boxes([Box(0.3, 0.1, 0.6, 0.2)])
    assert (left.x0, left.x1) == pytest.approx((0.6, 1.0), abs=1e-6)


def test_a_second_panel_has_the_box_again(blob):
    boxes = SHIFTS["two-panels"].apply(blob, 5).boxes([BOX])
    assert len(boxes) == 2
    assert boxes[0].x1 < 0.5 < boxes[1].x0


@pytest.mark.parametrize("shape", [(1, 1), (40, 3), (5, 400)])
@pytest.mark.parametrize("name", SHIFTS)
def test_small_and_narrow_pictures_are_changed_too(name, shape):
    pixels = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    for strength in (1, 5):
        shifted = SHIFTS[name].apply(pixels, strength, seed=1)
        assert shifted.pixels.ndim == 2
        assert np.isfinite(shifted.pixels).all()


def test_a_tint_is_a_tint_and_no_photograph(picture):
    colours = [SHIFTS["tinted"].apply(picture, strength).colourfulness for strength in STRENGTHS]
    assert colours == sorted(colours)
    assert colours[0] > 0
    assert SHIFTS["gamma"].apply(picture, 5).colourfulness == 0


@pytest.mark.parametrize("strength", [0, 6])
def test_strengths_are_one_to_five(picture, strength):
    with pytest.raises(ValueError, match="strength is 1 to 5"):
        SHIFTS["gamma"].apply(picture, strength)


def test_a_kind_of_one_s_own_needs_no_place():
    darker = Shift("half-as-bright", lambda pixels, strength, rng: pixels / 2, trained_on=False)
    shifted = darker.apply(np.ones((3, 2)), 1)
    assert (shifted.pixels == 0.5).all()
    assert _near(shifted.boxes([BOX])[0], BOX, 1e-9)
    assert darker.title == "half as bright"

"""The values of a DICOM file are kept beside the greys that the networks are given."""

from __future__ import annotations

import numpy as np
import pytest
from picture_files import dicom_file, limb, look_up_table, picture_file

from fracture_widgets.figures.overlay import Look, grey_picture
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import compact, read_radiograph
from fracture_widgets.imaging.stored_values import PackedPixels, ValueScale

WINDOW = {"WindowCenter": 1500, "WindowWidth": 2000, "BitsStored": 12, "HighBit": 11}


def with_detail_beyond(first: int = 0) -> np.ndarray:
    """A ramp to 2,499, and stripes of 3,400 and 3,900 that the file's window shows alike."""
    values = np.tile(np.linspace(400, 2499, 64).astype(np.uint16), (48, 1))
    values[20:30] = np.where(np.arange(64) % 8 < 4, 3400, 3900)
    values[0, 0], values[0, -1] = 0, 4095
    return values + np.uint16(first)


def read(values, **attributes):
    return read_radiograph(dicom_file(values, **WINDOW | attributes), name="hand.dcm")


def values_of(radiograph):
    held = radiograph.held
    assert isinstance(held, PackedPixels)
    assert held.scale is not None
    return held.scale.first + held.scale.step * held.codes.astype(float)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, lambda stored: stored),
        ({"PhotometricInterpretation": "MONOCHROME1"}, lambda stored: stored),
        ({"RescaleSlope": 2, "RescaleIntercept": -1000}, lambda stored: 2.0 * stored - 1000),
        ({"RescaleSlope": 0.5, "RescaleIntercept": 0}, lambda stored: 0.5 * stored),
        ({"VOILUTFunction": "SIGMOID"}, lambda stored: stored),
        (
            {"ModalityLUTSequence": [look_up_table(list(range(5000, 5000 + 4096)))]},
            lambda stored: stored + 5000.0,
        ),
    ],
)
def test_a_pixel_s_value_is_that_of_the_file_after_its_rescaling(attributes, expected):
    stored = with_detail_beyond()
    radiograph = read(stored, **attributes)
    np.testing.assert_allclose(values_of(radiograph), expected(stored))


def test_detail_beyond_the_file_s_window_is_seen_in_its_whole_range():
    radiograph = read(with_detail_beyond())
    scale = radiograph.scale
    assert scale.windows == (("Window 1 (centre 1500, width 2000)", 2000.0, 1500.0),)
    assert scale.usual == pytest.approx((2000.0, 1500.0))
    assert scale.whole == (4096.0, 2048.0)
    width, level = scale.whole
    seen = {
        "as read": np.asarray(grey_picture(radiograph))[25],
        "its window": np.asarray(grey_picture(radiograph, look=Look(2000, 1500, stored=True)))[25],
        "whole": np.asarray(grey_picture(radiograph, look=Look(width, level, stored=True)))[25],
    }
    assert set(seen["as read"]) == set(seen["its window"]) == {255}
    assert set(seen["whole"]) == {round(255 * 3400 / 4095), round(255 * 3900 / 4095)}


@pytest.mark.parametrize(
    ("slope", "centre", "width"),
    [(1, 1500, 2400), (0.5, 750, 1200), (0.001, 1.5, 2.4), (0.001, 1.5, 0.5)],
)
def test_a_file_s_window_has_the_numbers_of_the_file_however_fine_its_values(slope, centre, width):
    numbers = {"WindowCenter": centre, "WindowWidth": width}
    radiograph = read(with_detail_beyond(), RescaleSlope=slope, RescaleIntercept=0, **numbers)
    assert radiograph.scale.usual == pytest.approx((width, centre))
    assert [each[1:] for each in radiograph.scale.windows] == [pytest.approx((width, centre))]
    shown = grey_picture(radiograph, look=Look(width, centre, stored=True))
    assert np.abs(np.asarray(shown, int) - radiograph.to_uint8()).max() <= 1


def test_its_own_window_shows_the_very_greys_that_were_read():
    for kind in ("MONOCHROME1", "MONOCHROME2"):
        radiograph = read(with_detail_beyond(), PhotometricInterpretation=kind)
        width, level = radiograph.scale.usual
        shown = grey_picture(radiograph, look=Look(width, level, stored=True))
        assert np.abs(np.asarray(shown, int) - radiograph.to_uint8()).max() <= 1


def test_no_window_that_is_looked_through_changes_what_the_networks_are_given():
    data = dicom_file(with_detail_beyond(), **WINDOW)
    radiograph = read_radiograph(data, name="hand.dcm")
    before = radiograph.pixels.copy()
    for look in (Look(4096, 2048, stored=True), Look(10, 3900, True, stored=True), Look(0.3, 0.2)):
        grey_picture(radiograph, look=look)
    assert np.array_equal(radiograph.pixels, before)
    # And they are those of the file's own window, as the standard has it, cut off at its ends.
    expected = np.clip((with_detail_beyond() - 500.0) / 1999.0, 0, 1)
    np.testing.assert_allclose(before, expected, atol=1e-6)


def test_a_curve_is_no_window_but_the_values_have_windows_all_the_same():
    curve = [round(65535 * (number / 4095) ** 2) for number in range(4096)]
    radiograph = read(with_detail_beyond(), VOILUTSequence=[look_up_table(curve)])
    assert radiograph.scale.usual is None
    assert [title for title, *_ in radiograph.scale.windows] == [
        "Window 1 (centre 1500, width 2000)"
    ]


def test_padding_stays_black_in_every_window():
    padded = with_detail_beyond()
    padded[:4] = 4095
    radiograph = read(padded, PixelPaddingValue=4095, PhotometricInterpretation="MONOCHROME1")
    for look in (Look(4096, 2048, stored=True), Look()):
        assert not np.asarray(grey_picture(radiograph, look=look))[:4].any()
    assert radiograph.scale.blank


def test_a_region_and_what_is_kept_small_have_the_values_of_their_file():
    radiograph = read(with_detail_beyond())
    part = compact(radiograph.crop(Box(0.0, 0.25, 1.0, 0.75)))
    assert np.array_equal(values_of(part), with_detail_beyond()[12:36])
    assert compact(radiograph).nbytes <= 2 * radiograph.width * radiograph.height + 4 * 4097


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_that_are_not_whole_have_none(kind):
    keyword = {np.float32: "FloatPixelData", np.float64: "DoubleFloatPixelData"}[kind]
    stored = with_detail_beyond().astype(kind) / 3
    dataset = {keyword: stored.tobytes(), "PixelData": None, "BitsAllocated": stored.itemsize * 8}
    dataset |= {"BitsStored": stored.itemsize * 8, "HighBit": stored.itemsize * 8 - 1}
    attributes = WINDOW | dataset | {"WindowCenter": 500, "WindowWidth": 700}
    assert read_radiograph(dicom_file(with_detail_beyond(), **attributes)).scale is None


def test_values_that_nobody_reads_have_none():
    assert read(with_detail_beyond(), RescaleSlope=1e12, RescaleIntercept=0).scale is None
    windows = {"WindowCenter": [1500, 2000], "WindowWidth": [2000, 1e11]}
    assert len(read(with_detail_beyond(), **windows).scale.windows) == 1


def test_oblong_pixels_and_other_files_have_none():
    assert read(with_detail_beyond(), PixelAspectRatio=[2, 1]).scale is None
    assert read_radiograph(picture_file(limb(), "PNG"), name="hand.png").scale is None


@pytest.mark.parametrize(
    "wrong", [{"first": float("nan")}, {"step": 0.0}, {"top": 0}, {"usual": (float("inf"), 1.0)}]
)
def test_a_scale_that_shows_nothing_is_none(wrong):
    with pytest.raises(ValueError, match="no scale"):
        ValueScale(**{"first": 0.0, "step": 1.0, "top": 4095} | wrong)

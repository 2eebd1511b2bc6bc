"""Every kind of file that the field writes is shown in the right greys, or refused truly."""

from __future__ import annotations

import re

import numpy as np
import pytest
from field_files import Variant, plain, stored
from field_variants import field_variants

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph

VARIANTS = field_variants()
JARGON = re.compile(r"Error|Exception|[<>{}\[\]]|0x|\bNone\b|pydicom|\n")


def compared(radiograph: Radiograph, corner: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The greys of a variant beside the plain ones, without what a shutter hides."""
    (top, left), (height, width) = corner, radiograph.pixels.shape
    expected = plain()[top : top + height, left : left + width]
    seen = (radiograph.pixels > 0) & (expected > 0)
    return radiograph.pixels[seen], expected[seen]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: f"{each.kind}: {each.name}")
def test_it_is_shown_as_it_is_meant_or_refused_with_the_reason(variant: Variant) -> None:
    if variant.refused:
        with pytest.raises(UnreadableRadiograph) as refused:
            read_radiograph(variant.make(), name="hand.dcm")
        assert str(refused.value).startswith(f"hand.dcm {variant.refused}")
        assert not JARGON.search(str(refused.value))
        return
    radiograph = read_radiograph(variant.make(), name="hand.dcm")
    assert len(radiograph.warnings) == len(variant.notes), radiograph.warnings
    for note, warning in zip(variant.notes, radiograph.warnings, strict=True):
        assert note in warning
        assert warning.endswith(".")
        assert not JARGON.search(warning)
    assert radiograph.pixels.shape == (variant.shape or plain().shape)
    if variant.same is not None:
        pixels, expected = compared(radiograph, variant.corner)
        assert pixels.size > radiograph.pixels.size / 2
        np.testing.assert_allclose(pixels, expected, atol=variant.same)
    assert radiograph.spacing_mm == (None if variant.mm is None else pytest.approx(variant.mm))
    assert radiograph.spacing_at_detector == variant.at_detector
    assert variant.missing[0] <= radiograph.missing <= variant.missing[1]


def test_high_throughput_jpeg_2000_has_the_greys_that_were_coded() -> None:
    (first, *_) = (each for each in VARIANTS if each.kind == "high-throughput JPEG 2000")
    pixels = read_radiograph(first.make()).pixels
    coded = stored(8)[::3, ::3].astype(float)
    np.testing.assert_allclose(pixels, (coded - coded.min()) / np.ptp(coded), atol=1e-6)


@pytest.mark.slow
def test_only_files_that_are_damaged_are_called_so() -> None:
    for variant in VARIANTS:
        if "cut short" in variant.refused:
            continue
        try:
            said = " ".join(read_radiograph(variant.make()).warnings)
        except UnreadableRadiograph as error:
            said = str(error)
        lacking = "detail may be missing", "no row of the picture is missing"
        cut = variant.missing[1] > 0 or any(note.endswith(lacking) for note in variant.notes)
        assert ("cut short" in said) == cut, variant
        assert "damaged" not in said, variant


@pytest.mark.parametrize(
    "variant",
    [variant for variant in VARIANTS if not variant.refused],
    ids=lambda each: f"{each.kind}: {each.name}",
)
def test_what_is_kept_of_a_file_shows_its_other_pictures_as_the_file_does(variant: Variant) -> None:
    data = variant.make()
    first = read_radiograph(data, name="hand.dcm")
    last = {"frame": first.frame_count - 1, "window": max(0, len(first.windows) - 1)}
    if first.file is None:
        assert last == {"frame": 0, "window": 0}
        return
    try:
        read = read_radiograph(data, name="hand.dcm", **last)
    except UnreadableRadiograph as error:  # it states more frames than there are
        with pytest.raises(UnreadableRadiograph, match=re.escape(str(error))):
            first.shown_as(**last)
        return
    shown = first.shown_as(**last)
    np.testing.assert_array_equal(shown.pixels, read.pixels)
    assert (shown.warnings, shown.windows) == (read.warnings, read.windows)
    assert (shown.spacing_mm, shown.study) == (read.spacing_mm, read.study)
    assert (shown.name, shown.sha256) == (read.name, read.sha256)

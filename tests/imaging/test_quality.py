"""Plain flaws of a picture: too small, blank, in colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import limb, picture_file
from PIL import Image

from fracture_widgets.imaging.quality import CUT_SHORT, find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.imaging.raster import colourfulness
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

RAINBOW = Image.merge(
    "HSV",
    [
        Image.fromarray(np.tile(np.arange(96, dtype=np.uint8) * 2, (96, 1))),
        Image.new("L", (96, 96), 200),
        Image.fromarray(np.tile(np.arange(96, dtype=np.uint8)[:, None] * 2, (1, 96))),
    ],
).convert("RGB")


def _radiograph(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, "picture", "0", "drawn")


def _tinted(grey: np.ndarray) -> Image.Image:
    """A film scanned blue."""
    bands = [(grey * share).astype(np.uint8) for share in (0.7, 0.85, 1.0)]
    return Image.merge("RGB", [Image.fromarray(band) for band in bands])


@pytest.mark.parametrize("part", BODY_PARTS)
def test_a_drawn_radiograph_has_no_flaw(part: str) -> None:
    assert find_quality_problem(draw_phantom(part, fractured=False, seed=3).radiograph) is None


@given(st.integers(1, 200), st.integers(1, 200), st.floats(0, 1))
def test_a_picture_of_one_grey_has_a_flaw_whatever_its_size(
    height: int, width: int, grey: float
) -> None:
    flaw = find_quality_problem(_radiograph(np.full((height, width), grey, np.float32)))
    assert flaw is not None
    assert flaw.kind == ("too small" if min(height, width) < 32 else "blank")
    assert flaw.score > 0


@given(st.integers(32, 300), st.integers(32, 300), st.floats(0.05, 1), st.floats(0, 1))
def test_a_picture_with_contrast_is_not_blank(
    height: int, width: int, contrast: float, darkest: float
) -> None:
    ramp = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
    pixels = darkest * (1 - contrast) + contrast * ramp
    assert find_quality_problem(_radiograph(pixels)) is None
    assert find_quality_problem(_radiograph(1 - pixels)) is None


def test_too_small_says_how_small_and_what_to_do() -> None:
    flaw = find_quality_problem(_radiograph(np.zeros((20, 100), np.float32)))
    assert flaw is not None
    assert flaw.sentence == (
        "The picture is 100 x 20 pixels, and at least 32 on each side are needed: choose the full "
        "radiograph, or a larger part."
    )


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_a_colour_photograph_is_told_from_its_file(file_format: str) -> None:
    flaw = find_quality_problem(read_radiograph(picture_file(RAINBOW, file_format)))
    assert flaw is not None
    assert flaw.kind == "colour photograph"
    assert "a radiograph is grey" in flaw.sentence


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK"])
def test_colours_are_seen_in_every_kind_of_file(mode: str) -> None:
    assert colourfulness(RAINBOW.convert(mode)) > 20


def test_a_grey_picture_saved_in_colour_is_grey() -> None:
    picture = picture_file(Image.fromarray(limb()).convert("RGB"), "JPEG")
    assert read_radiograph(picture).colourfulness < 0.5


def test_a_blue_film_is_no_colour_photograph() -> None:
    read = read_radiograph(picture_file(_tinted(limb(200, 160)), "PNG"))
    assert read.colourfulness < 1
    assert find_quality_problem(read) is None


def test_a_red_arrow_makes_no_photograph() -> None:
    marked = Image.fromarray(limb(200, 160)).convert("RGB")
    marked.paste((255, 0, 0), (20, 30, 45, 44))
    assert find_quality_problem(read_radiograph(picture_file(marked, "PNG"))) is None


def test_a_crop_of_a_photograph_remembers_its_colours() -> None:
    from fracture_widgets.imaging.boxes import Box

    read = read_radiograph(picture_file(RAINBOW, "PNG"))
    assert read.crop(Box(0, 0, 0.5, 0.5)).colourfulness == read.colourfulness


@pytest.mark.parametrize(("missing", "refused"), [(0.0, False), (0.12, False), (0.13, True)])
def test_a_picture_of_which_much_is_missing_is_cut_short(missing, refused):
    drawn = draw_phantom("elbow", fractured=True, seed=3).radiograph
    flaw = find_quality_problem(replace(drawn, missing=missing))
    assert (flaw is not None and flaw.kind == CUT_SHORT) == refused
    if flaw is not None:
        assert flaw.sentence == (
            "The file is cut short and 13 % of the picture are missing: copy or export it again."
        )


def test_what_is_taken_as_grey_on_request_is_no_colour_photograph_any_more() -> None:
    photograph = read_radiograph(picture_file(RAINBOW, "PNG"), name="photo.png")
    grey = photograph.as_grey()
    assert find_quality_problem(grey) is None
    assert (grey.name, grey.warnings[-1]) == (
        "photo.png, as grey",
        "Its colours were left out on request.",
    )
    assert grey.sha256 not in (photograph.sha256, grey.as_grey().sha256)
    assert np.array_equal(grey.pixels, photograph.pixels)

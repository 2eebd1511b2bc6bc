"""A radiograph's greys reach the page as they are, or as large as a page can show them."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from picture_files import dicom_file
from PIL import Image

from fracture_widgets.app.widgets import picture
from fracture_widgets.app.widgets.picture import PackedPicture, pack, shown_size
from fracture_widgets.imaging.decoding import stretched
from fracture_widgets.imaging.radiograph import Radiograph, compact, read_radiograph
from fracture_widgets.phantoms import draw_phantom

SIZES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)


def radiograph(pixels):
    return Radiograph(pixels, "hand.png", "0" * 64, "PNG")


def unpacked(packed: PackedPicture):
    """Undo the packing, as the page does."""
    plain = zlib.decompress(packed.data)
    count = packed.width * packed.height
    steps = np.frombuffer(plain, np.uint8)
    if packed.depth == 16:
        steps = (steps[:count].astype(np.uint16) << 8) | steps[count:]
    return np.cumsum(steps.reshape(packed.height, packed.width), axis=1, dtype=steps.dtype)


@pytest.mark.slow
@given(arrays.arrays(np.uint8, SIZES))
def test_greys_of_8_bits_arrive_as_they_are(greys):
    packed = pack(radiograph(greys.astype(np.float32) / np.float32(255)))
    assert packed.depth == 8
    np.testing.assert_array_equal(unpacked(packed), greys)


@pytest.mark.slow
@given(arrays.arrays(np.float32, SIZES, elements=st.floats(0, 1, width=32)))
def test_deeper_greys_arrive_in_16_bits(pixels):
    packed = pack(radiograph(pixels))
    top = 255 if packed.depth == 8 else 65535
    np.testing.assert_allclose(unpacked(packed) / top, pixels, atol=1 / 65535)


def test_a_radiograph_takes_less_than_its_pixels():
    drawn = draw_phantom("hand", fractured=True, seed=1).radiograph
    read = read_radiograph(drawn.to_png())
    assert pack(read).depth == 8
    assert len(pack(read).data) < 0.8 * read.pixels.size


@pytest.mark.parametrize(
    ("size", "shown"),
    [((6000, 4000), (6000, 4000)), ((8000, 6000), (5656, 4242)), ((10_000_000, 10), (4898979, 4))],
)
def test_a_picture_that_is_too_large_for_a_page_is_shown_smaller(size, shown):
    assert shown_size(*size) == shown


def test_a_smaller_picture_is_the_mean_of_what_it_stands_for(monkeypatch):
    monkeypatch.setattr(picture, "MAX_PIXELS_SHOWN", 16)
    packed = pack(radiograph(np.kron(np.eye(4), np.ones((2, 2))).astype(np.float32)))
    assert (packed.width, packed.height) == (4, 4)
    np.testing.assert_array_equal(unpacked(packed), 255 * np.eye(4))


def test_padding_has_no_part_in_the_means_of_a_smaller_picture(monkeypatch):
    monkeypatch.setattr(picture, "MAX_PIXELS_SHOWN", 400)
    values = np.full((60, 60), 3999, np.uint16)
    values[:, :17], values[-1, -1] = 0, 3000
    file = dicom_file(values, PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1")
    numbers = unpacked(pack(read_radiograph(file, name="hand.dcm")))
    assert numbers.shape == (20, 20)
    assert set(numbers[:-1, :5].flat) == {0}
    assert set(numbers[:-1, 5:].flat) == {1000}


@pytest.mark.parametrize(("levels", "depth"), [(256, 8), (4096, 16)])
def test_a_smaller_picture_has_the_depth_of_its_file_and_is_half_a_grey_away(
    monkeypatch, levels, depth
):
    monkeypatch.setattr(picture, "MAX_PIXELS_SHOWN", 400)
    values = np.random.default_rng(0).integers(0, levels, (60, 40))
    values.flat[:2] = 0, levels - 1
    pixels = stretched(values)
    packed = pack(compact(radiograph(pixels)))
    assert packed.depth == depth
    means = np.asarray(
        Image.fromarray(pixels).resize((packed.width, packed.height), Image.Resampling.BOX)
    )
    greys = unpacked(packed) / (2**depth - 1)
    np.testing.assert_allclose(greys, means, atol=1.01 / (2**depth - 1))

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.decoding import stretched
from fracture_widgets.imaging.radiograph import Radiograph, compact, held_bytes, read_radiograph
from fracture_widgets.phantoms import draw_phantom


def radiograph_of(pixels):
    return Radiograph(pixels, "hand.png", "0" * 64, "PNG", (0.1, 0.2), ("Cut short.",))


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(0, 1, width=32) | st.floats(width=32),
    )
)
def test_whatever_the_greys_they_are_the_same(pixels):
    small = compact(radiograph_of(pixels))
    np.testing.assert_array_equal(small.pixels, pixels)
    assert small.pixels.dtype == np.float32
    assert (small.height, small.width) == pixels.shape
    assert not small.pixels.flags.writeable


@pytest.mark.parametrize(("levels", "bytes_each"), [(256, 1), (4096, 2), (65536, 2)])
def test_a_pixel_takes_as_many_bytes_as_its_file_gave_it_bits(levels, bytes_each):
    values = np.random.default_rng(1).integers(0, levels, (500, 700))
    whole = radiograph_of(stretched(values))
    small = compact(whole)
    assert np.array_equal(small.pixels, whole.pixels)
    assert np.array_equal(small.to_uint8(), whole.to_uint8())
    assert held_bytes([whole]) == 4 * values.size
    assert held_bytes([small]) <= bytes_each * values.size + 4 * 65536


def test_pixels_are_made_once_for_as_long_as_somebody_looks_at_them():
    small = compact(radiograph_of(np.zeros((20, 30), np.float32)))
    pixels = small.pixels
    assert small.pixels is pixels


def test_it_can_be_used_as_the_radiograph_that_it_was():
    drawn = draw_phantom("hand", fractured=True, seed=2).radiograph
    whole = read_radiograph(drawn.to_png(), name="hand.png")
    small = compact(whole)
    assert held_bytes([small]) < held_bytes([whole]) / 3
    assert small.to_png(100) == whole.to_png(100)
    for name in ("name", "sha256", "source_format", "spacing_mm", "warnings", "height", "width"):
        assert getattr(small, name) == getattr(whole, name)
    box = Box(0.2, 0.3, 0.6, 0.9)
    assert np.array_equal(small.crop(box).pixels, whole.crop(box).pixels)
    assert "pixels" not in repr(small)


def test_it_goes_to_another_process_also_while_somebody_looks_at_it():
    small = compact(radiograph_of(draw_phantom("hand", fractured=False, seed=1).radiograph.pixels))
    looked_at = small.pixels
    sent = pickle.loads(pickle.dumps(small))  # noqa: S301 - our own
    np.testing.assert_array_equal(sent.pixels, looked_at)
    assert sent.nbytes == small.nbytes

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from bad_inputs import BAD_INPUTS, ODD_INPUTS, Input
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import dicom_dataset, dicom_file, limb, picture_file, saved
from pydicom.uid import RLELossless

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph

# What belongs into a traceback and not on a screen.
JARGON = re.compile(r"Error|Exception|Traceback|[<>{}\[\]]|0x|\bNone\b|PIL|pydicom|bytes-like|\n")


def assert_is_a_sentence(sentence: str, name: str) -> None:
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    assert ": " in sentence, "what is wrong, then what to do"
    assert len(sentence) < 160
    assert not JARGON.search(sentence)


def test_there_are_at_least_twenty():
    assert len({given.name for given in BAD_INPUTS}) >= 20


@pytest.mark.parametrize("given", BAD_INPUTS, ids=lambda given: given.name)
def test_a_bad_file_is_refused_with_one_sentence(given: Input, tmp_path):
    with pytest.raises(UnreadableRadiograph) as refused:
        read_radiograph(given.put(tmp_path))
    assert_is_a_sentence(str(refused.value), given.name)
    assert given.says in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize(
    "given", [g for g in BAD_INPUTS if g.content is not None], ids=lambda given: given.name
)
def test_bytes_are_refused_like_the_file(given: Input):
    with pytest.raises(UnreadableRadiograph) as refused:
        read_radiograph(given.content(), name=given.name)
    assert_is_a_sentence(str(refused.value), given.name)
    assert given.says in str(refused.value)


@pytest.mark.parametrize("given", ODD_INPUTS, ids=lambda given: given.name)
def test_an_odd_file_is_read_and_says_what_is_odd(given: Input, tmp_path):
    radiograph = read_radiograph(given.put(tmp_path))
    assert 0 <= radiograph.pixels.min() <= radiograph.pixels.max() <= 1
    assert radiograph.pixels.any()
    if given.says:
        (warning,) = radiograph.warnings
        assert given.says in warning
        assert warning.endswith(".")
        assert not JARGON.search(warning)
    else:
        assert radiograph.warnings == ()


def _rle() -> bytes:
    dataset = dicom_dataset(limb(40, 32))
    dataset.compress(RLELossless)
    return saved(dataset)


WHOLE = {
    "PNG": picture_file(limb(40, 32), "PNG"),
    "JPEG": picture_file(limb(40, 32), "JPEG"),
    "TIFF": picture_file(limb(40, 32), "TIFF", compression="tiff_lzw"),
    "BMP": picture_file(limb(40, 32), "BMP"),
    "WebP": picture_file(limb(40, 32), "WEBP"),
    "DICOM": dicom_file(limb(40, 32), WindowCenter=90, WindowWidth=120),
    "RLE": _rle(),
}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    flips=st.integers(0, 12),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_a_damaged_file_is_a_radiograph_or_a_sentence(kind, seed, flips, kept):
    data = bytearray(WHOLE[kind])
    data = data[: int(len(data) * kept)]
    chance = np.random.default_rng(seed)
    for _ in range(flips if data else 0):
        # Headers are where damage has the most ways to go wrong.
        end = len(data) if chance.random() < 0.5 else min(len(data), 300)
        data[chance.integers(end)] = chance.integers(256)
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        try:
            radiograph = read_radiograph(bytes(data), name="hand.png")
        except UnreadableRadiograph as error:
            assert_is_a_sentence(str(error), "hand.png")
        else:
            assert isinstance(radiograph, Radiograph)
            assert np.isfinite(radiograph.pixels).all()
            assert 0 <= radiograph.pixels.min() <= radiograph.pixels.max() <= 1
    assert [str(warning.message) for warning in leaked] == []


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"])
)
def test_any_bytes_are_refused_in_a_sentence(data, signature):
    with pytest.raises(UnreadableRadiograph) as refused:
        read_radiograph(signature + data, name="hand.png")
    assert_is_a_sentence(str(refused.value), "hand.png")

"""Each of pydicom's own files is read, or refused with a sentence."""

from __future__ import annotations

import re

import pytest
from pydicom.pixels.decoders import base
from pydicom_files import FOLDER, pydicom_files

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph

SENTENCE = re.compile(r"[^\n:]+: [^\n]+[^.]\.")
JARGON = re.compile(r"Error|Exception|Traceback|[<>{}\[\]]|0x|\bNone\b|pydicom|libjpeg")

# Whole radiographs that must never come to be refused.
READ = 90


@pytest.mark.parametrize("path", pydicom_files(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_is_read_or_refused_with_one_sentence_that_names_it(path, recwarn):
    try:
        radiograph = read_radiograph(path)
    except UnreadableRadiograph as refused:
        sentence = str(refused)
        assert sentence.startswith(path.name)
        assert SENTENCE.fullmatch(sentence)
        assert not JARGON.search(sentence.removeprefix(path.name))
    else:
        assert 0 <= radiograph.pixels.min() <= radiograph.pixels.max() <= 1
        for frame in {0, radiograph.frame_count - 1}:
            for window in range(len(radiograph.windows) or 1):
                shown = radiograph.shown_as(frame=frame, window=window)
                assert shown.pixels.shape == radiograph.pixels.shape
    assert not recwarn.list


@pytest.mark.slow
def test_so_many_are_read_as_ever():
    read = 0
    for path in pydicom_files():
        try:
            read_radiograph(path)
        except UnreadableRadiograph:
            continue
        read += 1
    assert read >= READ


@pytest.mark.parametrize(
    "decoder",
    [entry[0] for entry in base._PIXEL_DATA_DECODERS.values()],
    ids=lambda decoder: decoder.UID.name,
)
def test_whatever_is_installed_decodes_every_syntax_that_pydicom_knows(decoder):
    assert decoder.is_available, decoder.missing_dependencies

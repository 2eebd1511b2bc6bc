"""One input for each way that reading ended while fuzzing, and for each mistake it found."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from mutations import changed_bytes, changed_structure, with_its_beginning
from reading import Wrong, outcome
from seeds import seeds

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
LONGEST = 15_000


def test_the_corpus_is_there_and_small():
    assert len(CORPUS) > 20
    assert sum(path.stat().st_size for path in CORPUS) < 100_000


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_an_input_is_a_radiograph_or_a_sentence(path):
    assert outcome(path.read_bytes())


@pytest.mark.slow
def test_every_kind_of_file_is_read_before_it_is_changed():
    read = {name for name, data in seeds().items() if "read" in outcome(data)}
    assert len(read) > 80
    assert {"deep.png", "steps.jpg", "lzw.tif", "grey.bmp", "lossy.webp", "stored.zip"} <= read
    assert {"implicit.dcm", "deflated.dcm", "rle.dcm", "jls.dcm", "j2k.dcm", "jpeg.dcm"} <= read


@pytest.mark.slow
@pytest.mark.parametrize("change", [changed_bytes, changed_structure])
def test_a_few_changed_files_are_radiographs_or_sentences(change):
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    for name, data in seeds().items():
        for _ in range(3):
            assert outcome(with_its_beginning(change(data, chance, LONGEST), data)), name


def test_a_sentence_that_is_none_is_noticed(monkeypatch):
    def tell(*_, **__):
        from fracture_widgets.errors import UnreadableRadiograph

        raise UnreadableRadiograph("hand.png: <ValueError> in PIL")

    monkeypatch.setattr("reading.read_radiograph", tell)
    with pytest.raises(Wrong):
        outcome(b"x")

"""Files made to cost far more than they are cost little, and are refused in a true sentence."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from bombs import NAMED, OTHERS

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.archives import ArchiveLimits, looks_like_archive
from fracture_widgets.imaging.decoders import DECODERS
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.imaging.studies import radiographs_in_archive
from fracture_widgets.imaging.worker import MOST_MEMORY

pytestmark = pytest.mark.slow

SECONDS = 4.0
"""What one file may take here before its worker is killed."""

QUICK = 2.0
"""Processor time within which bombs that were once met are refused; others may be killed."""

LIMITS = ArchiveLimits(files=10_000, file_bytes=64 << 20, all_bytes=256 << 20)
JARGON = re.compile(r"Error|Exception|Traceback|[<>{}\[\]]|0x|\bNone\b|PIL|pydicom|\n")


def said_of(data: bytes, seconds: float = SECONDS) -> Iterator[str]:
    """Give the sentence on every picture of a file that is refused, and nothing for others."""
    if looks_like_archive(data):
        for found in radiographs_in_archive(data, "hand.png", limits=LIMITS):
            yield found.problem
        return
    try:
        read_radiograph(data, name="hand.png", max_seconds=seconds)
    except UnreadableRadiograph as error:
        yield str(error)
    else:
        yield ""


def assert_is_a_sentence(sentence: str) -> None:
    assert sentence.endswith("."), sentence
    assert sentence.isprintable()
    assert not JARGON.search(sentence), sentence
    assert len(sentence) < 250


@pytest.fixture
def worker() -> Iterator[int]:
    """One worker, warm, of which the processor time and the memory can be told."""
    DECODERS.end()
    DECODERS.start()
    yield DECODERS._idle[0]._process.pid
    DECODERS.end()


def seconds_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it was killed
        return SECONDS
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize("name", NAMED)
def test_what_once_took_gigabytes_or_a_core_is_refused_at_once(name: str, worker: int) -> None:
    data = NAMED[name]()
    assert len(data) < 32 << 20
    (sentence,) = said_of(data, 60.0)
    assert sentence.startswith("hand.png "), "no picture comes of it"
    assert_is_a_sentence(sentence)
    assert seconds_of(worker) < QUICK, "it is not left to the limits"
    assert peak_of(worker) < 400 << 20


def peak_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return MOST_MEMORY
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else MOST_MEMORY


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_is_sent_is_a_radiograph_or_a_sentence_within_the_limits(name: str) -> None:
    data = OTHERS[name]()
    mine = time.process_time()
    sentences = list(said_of(data))
    assert sentences
    for sentence in filter(None, sentences):
        assert_is_a_sentence(sentence)
    unpacking = len(sentences) / 100  # the files of an archive are unpacked here, in some ms each
    assert time.process_time() - mine < QUICK + unpacking, "this process decodes none of it"


def test_five_of_each_decoder() -> None:
    kinds = ("png", "jpeg of", "jpeg 2000", "tiff", "dicom", "run lengths", "deflated", "zip")
    for kind in kinds:
        assert sum(name.startswith(kind) for name in OTHERS) >= 5, kind
    assert sum(name.startswith(("bmp", "webp")) for name in OTHERS) >= 5


def test_files_beside_a_bomb_are_read() -> None:
    sentences = list(said_of(OTHERS["zip of pictures that are bombs"]()))
    assert [bool(sentence) for sentence in sentences] == [True, True, True, False]

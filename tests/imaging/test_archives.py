"""ZIP archives from anybody: read within bounds, or refused with a sentence."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import dicom_file, limb, picture_file, ramp

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.archives import ArchiveLimits, packed_files
from fracture_widgets.imaging.studies import radiographs_in_archive

PNG = picture_file(limb(), "PNG")


def packed(files, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def contents(data, **limits):
    return list(packed_files(io.BytesIO(data), "study.zip", ArchiveLimits(**limits)))


def only(data, **limits):
    (one,) = contents(data, **limits)
    return one


def refused(data, **limits):
    with pytest.raises(UnreadableRadiograph) as error:
        contents(data, **limits)
    assert str(error.value).startswith("study.zip ")
    assert str(error.value).endswith(".")
    return str(error.value)


def test_files_come_in_order_with_their_base_names():
    found = contents(packed({"b/one.png": PNG, "a/two.png": PNG[::-1]}))
    assert [(one.name, one.folder, one.content) for one in found] == [
        ("one.png", "b", PNG),
        ("two.png", "a", PNG[::-1]),
    ]


def test_they_are_read_one_at_a_time():
    file = io.BytesIO(packed({"1.png": PNG, "2.png": PNG}, zipfile.ZIP_STORED))
    found = packed_files(file, "study.zip")
    assert next(found).content == PNG
    assert file.tell() < file.getbuffer().nbytes / 2 + 200, "the second is not touched"
    assert next(found).content == PNG


def test_folders_hidden_files_and_indices_are_passed_over():
    found = contents(
        packed({"x/": b"", "__MACOSX/x/._1.png": b"?", "x/.DS_Store": b"?", "DICOMDIR": b"?"})
    )
    assert [packed.skipped for packed in found] == ["hidden", "hidden", "index of a disc"]
    assert all(packed.content is None for packed in found)


@pytest.mark.parametrize(
    "name", ["../1.png", "a/../../1.png", "/etc/1.png", "C:\\1.png", "..\\..\\1.png", "a/.."]
)
def test_a_path_that_leads_outside_is_left_out_and_writes_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = only(packed({name: PNG}))
    assert one.content is None
    assert one.problem.endswith(" in study.zip names a place outside the archive: pack it again.")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_in_an_archive_is_left_out():
    one = only(packed({"more.zip": packed({"1.png": PNG})}))
    assert one.skipped == "an archive, to be unpacked first"


def test_a_locked_archive_is_refused():
    data = bytearray(packed({"1.png": PNG}))
    data[6] |= 1  # the local header's flags, and the directory's
    data[data.index(b"PK\x01\x02") + 8] |= 1
    said = "study.zip is locked with a password: unpack it, then choose the radiographs."
    assert refused(bytes(data)) == said


def test_too_many_files_are_refused_before_any_is_read():
    data = packed({f"{number}.png": b"" for number in range(4)})
    said = "study.zip holds 4 files and at most 3 are read: pack the study alone."
    assert refused(data, files=3) == said


def test_a_directory_that_would_fill_the_memory_is_not_even_parsed():
    data = bytearray(packed({"1.png": PNG}))
    struct.pack_into("<L", data, data.rindex(b"PK\x05\x06") + 12, 100 << 20)
    assert "far too many files" in refused(bytes(data))


def test_the_64_bit_directory_is_measured_too():
    data = packed({"1.png": PNG})
    at = data.rindex(b"PK\x05\x06")
    number, _, size, offset = struct.unpack_from("<2H2L", data, at + 8)

    def as_64(size):
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, size, offset)
        return data[:at] + end + struct.pack("<4sLQL", b"PK\6\7", 0, at, 1) + data[at:]

    assert only(as_64(size)).content == PNG
    assert "far too many files" in refused(as_64(1 << 40))


def test_a_bomb_is_left_out_by_what_it_states():
    bomb = packed({"1.png": bytes(10 << 20)})
    assert len(bomb) < 20_000
    assert only(bomb).problem == (
        "1.png in study.zip unpacks to far more than it holds: pack it again."
    )


def test_a_bomb_that_lies_about_its_size_unpacks_no_further_than_it_states():
    data = bytearray(packed({"1.png": bytes(50 << 20)}))
    for at in (22, data.index(b"PK\x01\x02") + 24):
        struct.pack_into("<L", data, at, 1000)
    one = only(bytes(data))
    assert one.problem == "1.png in study.zip is cut short or damaged: pack or export it again."


def test_all_files_together_are_bounded():
    data = packed({"1.png": PNG, "2.png": PNG}, zipfile.ZIP_STORED)
    found = packed_files(io.BytesIO(data), "study.zip", ArchiveLimits(all_bytes=len(PNG) + 1))
    assert next(found).content == PNG, "what was read before stays"
    with pytest.raises(UnreadableRadiograph, match=r"^study\.zip unpacks to more than 0 MB: "):
        next(found)


def test_one_large_file_is_left_out():
    one = only(packed({"1.png": PNG}), file_bytes=len(PNG) - 1)
    assert one.problem.startswith("1.png in study.zip is larger than 0 MB, the limit here: ")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_cannot_be_bounded_are_left_out(method):
    assert "packed in a way that is not read" in only(packed({"1.png": PNG}, method)).problem


def test_a_damaged_file_does_not_stop_the_others():
    data = bytearray(packed({"1.png": PNG, "2.png": PNG}))
    data[100] ^= 0xFF
    first, second = contents(bytes(data))
    assert "1.png in study.zip is cut short or damaged" in first.problem
    assert second.content == PNG


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(50), packed({"1.png": PNG})[:-30]])
def test_a_damaged_archive_is_refused(data):
    assert "cut short or damaged" in refused(data)


WHOLE = packed({"a/1.png": PNG, "2.dcm": dicom_file(ramp())})


@given(
    cut=st.integers(0, len(WHOLE)),
    flips=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(1, 255)), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_damaged_gives_sentences(cut, flips):
    data = bytearray(WHOLE)
    for at, bits in flips:
        data[at] ^= bits
    for found in radiographs_in_archive(bytes(data[cut // 2 :]), "study.zip"):
        assert (found.radiograph is None) == bool(found.problem)
        assert found.problem.endswith(".") or not found.problem

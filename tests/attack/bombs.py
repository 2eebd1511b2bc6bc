"""Files made to cost their reader far more than their sender.

Also from the command line: ``python tests/attack/bombs.py [folder]`` writes them into a folder,
reads each in a process of its own, and prints what it took and what was said of it. PYTHONPATH may
name an older checkout, to compare.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

sys.path.append(str(Path(__file__).parents[1] / "support"))

from picture_files import dicom_dataset, limb, picture_file, png_header, ramp, saved

Bomb = Callable[[], bytes]
NAMED: dict[str, Bomb] = {}
"""Those that once took gigabytes, or a core for ever."""
OTHERS: dict[str, Bomb] = {}
"""Five and more for each decoder."""


def named(make: Bomb) -> Bomb:
    NAMED[make.__name__.replace("_", " ")] = make
    return make


def other(make: Bomb) -> Bomb:
    OTHERS[make.__name__.replace("_", " ")] = make
    return make


# --- how files are put together ---------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, width: int = 64, height: int = 64, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    return b"".join((b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")))


def raw_deflated_zeros(megabytes: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + deflate.flush()


def deflated_zeros(megabytes: int) -> bytes:
    checksum = (megabytes << 20) % 65_521 << 16 | 1
    return b"\x78\xda" + raw_deflated_zeros(megabytes) + struct.pack(">I", checksum)


def jpeg(**options: object) -> bytes:
    return picture_file(limb(), "JPEG", quality=90, **options)


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def frame_header(width: int, height: int, components: int = 1, *, marker: int = 0xC0) -> bytes:
    each = b"".join(bytes((number % 255 + 1, 0x11, 0)) for number in range(components))
    return segment(marker, struct.pack(">BHHB", 8, height, width, components % 256) + each)


def before(data: bytes, marker: bytes, more: bytes) -> bytes:
    """Put more in front of a marker."""
    place = data.index(marker)
    return data[:place] + more + data[place:]


def with_many_scans(count: int, picture: np.ndarray) -> bytes:
    whole = picture_file(picture, "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * count + b"\xff\xd9"


def codestream(
    width: int, height: int, components: int = 1, *, tile: tuple[int, int] | None = None,
    layers: int = 1, levels: int = 0, precincts: bytes = b"",
) -> bytes:  # fmt: skip
    """The headers of a JPEG 2000 stream, and a tile without data."""
    across, down = tile or (width, height)
    size = struct.pack(">H8I", 0, width, height, 0, 0, across, down, 0, 0)
    size += struct.pack(">H", components) + b"\x07\x01\x01" * components
    style = struct.pack(">BBHBBBBBB", bool(precincts), 0, layers, 0, levels, 4, 4, 0, 1) + precincts
    quantised = bytes((0x40,)) + b"\x40" * (3 * levels + 1)
    start_of_tile = struct.pack(">HIBB", 0, 0, 0, 1)
    return b"".join(
        (b"\xff\x4f", segment(0x51, size), segment(0x52, style), segment(0x5C, quantised),
         segment(0x90, start_of_tile), b"\xff\x93", bytes(64), b"\xff\xd9")
    )  # fmt: skip


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data


def jp2(
    stream: bytes, width: int, height: int, *, first: bytes = b"", inside: bytes = b""
) -> bytes:
    header = box(b"ihdr", struct.pack(">IIHBBBB", height, width, 1, 7, 7, 0, 0))
    header += box(b"colr", struct.pack(">BBBI", 1, 0, 0, 17)) + inside
    return b"".join(
        (box(b"jP  ", b"\r\n\x87\n"), box(b"ftyp", b"jp2 \0\0\0\0jp2 "), first,
         box(b"jp2h", header), box(b"jp2c", stream))
    )  # fmt: skip


def small_codestream() -> bytes:
    return picture_file(limb(), "JPEG2000", irreversible=False)


def encapsulated(stream: bytes, syntax: UID, **attributes: object) -> bytes:
    dataset = dicom_dataset(limb(), **attributes)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    return saved(dataset)


def tiff(tags: dict[int, tuple[int, int, int]], data: bytes = b"", following: int = 0) -> bytes:
    """A TIFF of one directory, whose entries are type, count and value, and what follows it."""
    entries = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items()))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0\x08\0\0\0" + directory + data


def tiff_tags(width: int, height: int, compression: int, length: int) -> dict:
    values = {
        256: width, 257: height, 258: 8, 259: compression, 262: 1, 277: 1, 278: height,
        273: 8 + 2 + 12 * 9 + 4, 279: length,
    }  # fmt: skip
    return {tag: (4, 1, value) for tag, value in values.items()}


def deflated_dicom(data_set: bytes) -> bytes:
    """A deflated file of what is deflated already."""
    dataset = dicom_dataset(ramp())
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = saved(dataset)
    length = struct.unpack_from("<I", whole, 140)[0]
    return whole[: 144 + length] + data_set


def raw_deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


# --- those that once took gigabytes, or a core for ever ---------------------------------------


@named
def jpeg_2000_of_2000_components() -> bytes:
    return jp2(codestream(1000, 1000, 2000), 1000, 1000)


@named
def jpeg_2000_of_2000_components_in_dicom() -> bytes:
    return encapsulated(codestream(1000, 1000, 2000), JPEG2000Lossless, Rows=1000, Columns=1000)


@named
def jpeg_2000_after_a_decoy() -> bytes:
    return jp2(codestream(20_000, 20_000, 3), 64, 96)


@named
def jpeg_2000_after_a_decoy_in_dicom() -> bytes:
    decoy = box(b"uuid", bytes(16) + codestream(64, 96))
    stream = jp2(codestream(20_000, 20_000, 3), 20_000, 20_000, first=decoy)
    return encapsulated(stream, JPEG2000Lossless)


@named
def jpeg_after_a_decoy_header() -> bytes:
    return before(jpeg(), b"\xff\xda", frame_header(60_000, 60_000))


@named
def jpeg_after_a_decoy_header_in_dicom() -> bytes:
    # Whoever takes the first marker for a segment is led to the header at the end.
    whole = bytearray(jpeg())
    place = whole.index(b"\xff\xc0") + 5
    whole[place : place + 4] = struct.pack(">HH", 20_000, 20_000)
    led = b"\xff\xd8\xff\x01" + segment(0xE0, b"") + bytes(whole[2:])
    return encapsulated(led.ljust(4 + 0xFFE0, b"\0") + frame_header(64, 96), JPEGBaseline8Bit)


@named
def jpeg_of_a_hierarchy_in_dicom() -> bytes:
    hierarchy = frame_header(60_000, 60_000, marker=0xDE)
    return encapsulated(before(jpeg(), b"\xff\xc0", hierarchy), JPEGExtended12Bit)


@named
def jpeg_of_60000_scans() -> bytes:
    return with_many_scans(60_000, np.full((2000, 2000), 90, np.uint8))


@named
def jpeg_of_60000_scans_in_dicom() -> bytes:
    stream = with_many_scans(60_000, np.full((2000, 2000), 90, np.uint8))
    return encapsulated(stream, JPEGBaseline8Bit, Rows=2000, Columns=2000)


@named
def segmented_palette() -> bytes:
    # 2,000 segments, each of which stands for 5,000 others, each of which stands for 65,535.
    many = [0, 1, 7, *[1, 65_535, 9] * 5_000, *[2, 5_000, 3, 0] * 2_000]
    data = np.array(many, "<u2").tobytes()
    palettes = {f"{c}PaletteColorLookupTableDescriptor": [0, 0, 16] for c in COLOURS}
    palettes |= {f"Segmented{c}PaletteColorLookupTableData": data for c in COLOURS}
    return saved(dicom_dataset(limb(), PhotometricInterpretation="PALETTE COLOR", **palettes))


COLOURS = ("Red", "Green", "Blue")


@named
def millions_of_windows() -> bytes:
    dataset = dicom_dataset(limb())
    dataset.add_new("WindowCenter", "UN", b"\\".join([b"9"] * 3_000_000) + b" ")
    dataset.add_new("WindowWidth", "UN", b"\\".join([b"9"] * 3_000_000) + b" ")
    return saved(dataset)


@named
def hundreds_of_thousands_of_tables() -> bytes:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [2, 0, 16], b"\0\0\1\0"
    item["LUTData"].VR, item["LUTDescriptor"].VR = "OW", "US"
    one = io.BytesIO()
    dataset = dicom_dataset(limb(), VOILUTSequence=Sequence([item]))
    dataset.save_as(one, enforce_file_format=True)
    whole = one.getvalue()
    place = whole.index(b"\x28\0\x10\x30SQ")
    length = struct.unpack_from("<I", whole, place + 8)[0]
    items = whole[place + 12 : place + 12 + length] * 300_000
    head = whole[: place + 8] + struct.pack("<I", len(items))
    return head + items + whole[place + 12 + length :]


@named
def a_billion_frames() -> bytes:
    return saved(dicom_dataset(limb(), NumberOfFrames=1_000_000_000))


@named
def a_billion_frames_with_groups() -> bytes:
    groups = Sequence([Dataset()])
    return saved(
        dicom_dataset(limb(), NumberOfFrames=1_000_000_000, PerFrameFunctionalGroupsSequence=groups)
    )


# --- five of PNG --------------------------------------------------------------------------------


@other
def png_with_a_gigabyte_behind_its_picture() -> bytes:
    return png(chunk(b"IDAT", deflated_zeros(1024)))


@other
def png_with_a_word_of_500_megabytes() -> bytes:
    word = chunk(b"zTXt", b"Comment\0\0" + deflated_zeros(500))
    return png(word, chunk(b"IDAT", zlib.compress(bytes(65 * 64))))


@other
def png_with_a_colour_profile_of_500_megabytes() -> bytes:
    profile = chunk(b"iCCP", b"x\0\0" + deflated_zeros(500))
    return png(profile, chunk(b"IDAT", zlib.compress(bytes(65 * 64))))


@other
def png_of_one_row_of_two_billion() -> bytes:
    return png_header((1 << 31) - 1, 1)


@other
def png_of_200000_empty_pieces() -> bytes:
    return png(*[chunk(b"IDAT", b"")] * 200_000, interlaced=True)


@other
def png_of_four_billion_frames() -> bytes:
    frames = chunk(b"acTL", struct.pack(">II", 0xFFFFFFFF, 0))
    control = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 64, 64, 0, 0, 1, 1, 0, 0)) * 5_000
    return png(frames, control, chunk(b"IDAT", zlib.compress(bytes(65 * 64))))


# --- five of JPEG -------------------------------------------------------------------------------


@other
def jpeg_of_the_largest_size() -> bytes:
    data = bytearray(jpeg())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


@other
def jpeg_of_255_components() -> bytes:
    whole = jpeg()
    place = whole.index(b"\xff\xc0")
    return whole[:place] + frame_header(64, 96, 255) + whole[place + 13 :]


@other
def jpeg_of_a_hundred_scans_less_some() -> bytes:
    return with_many_scans(80, ramp(1000, 1000))


@other
def jpeg_of_a_million_restarts() -> bytes:
    return before(jpeg(), b"\xff\xda", segment(0xDD, b"\0\1"))[:-2] + b"\xff\xd0\xff\xd1" * 500_000


@other
def jpeg_of_100000_segments() -> bytes:
    return before(jpeg(), b"\xff\xdb", segment(0xE5, b"bone") * 100_000)


@other
def jpeg_of_a_megabyte_of_nothing() -> bytes:
    return before(jpeg(), b"\xff\xda", b"\xff" * 1_000_000)


# --- five of JPEG 2000 --------------------------------------------------------------------------


@other
def jpeg_2000_of_the_largest_size() -> bytes:
    return codestream(0xFFFFFFFF, 0xFFFFFFFF)


@other
def jpeg_2000_of_16384_components() -> bytes:
    return codestream(64, 64, 16_384)


@other
def jpeg_2000_of_65000_tiles() -> bytes:
    return codestream(255 * 16, 255 * 16, 3, tile=(16, 16))


@other
def jpeg_2000_of_65535_layers_and_tiny_precincts() -> bytes:
    return codestream(4000, 4000, 1, layers=65_535, levels=5, precincts=bytes(6))


@other
def jpeg_2000_of_32_levels() -> bytes:
    return codestream(9000, 9000, 1, levels=32)


@other
def jpeg_2000_with_a_palette_of_255_channels() -> bytes:
    palette = box(b"pclr", struct.pack(">HB", 2, 255) + b"\7" * 255 + bytes(510))
    mapped = box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, n) for n in range(255)))
    return jp2(codestream(9000, 9000), 9000, 9000, inside=palette + mapped)


# --- five of TIFF -------------------------------------------------------------------------------


@other
def tiff_whose_directories_go_round() -> bytes:
    return tiff(tiff_tags(64, 64, 1, 4096), bytes(4096), following=8)


@other
def tiff_of_a_billion_strips() -> bytes:
    tags = tiff_tags(64, 64, 1, 4096)
    return tiff(tags | {273: (4, 1 << 30, 122), 279: (4, 1 << 30, 122)}, bytes(4096))


@other
def tiff_of_65535_samples() -> bytes:
    tags = tiff_tags(4000, 4000, 1, 4096) | {277: (3, 1, 65_535), 258: (3, 65_535, 122)}
    return tiff(tags, bytes(200_000))


@other
def tiff_of_a_gigabyte_in_a_strip() -> bytes:
    data = deflated_zeros(1024)
    return tiff(tiff_tags(64, 64, 8, len(data)), data)


@other
def tiff_of_thousands_of_pages() -> bytes:
    entries = tiff_tags(16, 16, 1, 256)
    size = 2 + 12 * len(entries) + 4
    pages = []
    for number in range(5_000):
        following = 8 + size * (number + 1) if number < 4_999 else 0
        pages.append(tiff(entries, following=following)[8:])
    return b"II*\0\x08\0\0\0" + b"".join(pages)


@other
def tiff_whose_jpeg_is_larger_than_its_strip() -> bytes:
    inner = jpeg()
    place = inner.index(b"\xff\xc0") + 5
    inner = inner[:place] + struct.pack(">HH", 60_000, 60_000) + inner[place + 4 :]
    return tiff(tiff_tags(64, 96, 7, len(inner)), inner)


# --- five of BMP and WebP -----------------------------------------------------------------------


def bmp(width: int, height: int, bits: int, compression: int, body: bytes) -> bytes:
    header = struct.pack(
        "<IIiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 1, 1, 256, 0
    )
    start = 14 + len(header) + 1024
    return b"BM" + struct.pack("<III", start + len(body), 0, start) + header + bytes(1024) + body


@other
def bmp_of_two_billion_rows() -> bytes:
    return bmp(64, -(1 << 31), 1, 0, bytes(100))


@other
def bmp_of_run_lengths_that_leap() -> bytes:
    return bmp(2800, 2800, 8, 1, b"\0\2\xff\xff" * 200_000)


@other
def bmp_of_the_most_run_lengths() -> bytes:
    return bmp(500_000, 16, 8, 1, b"\1\1\0\0" * 16 + b"\0\1")


@other
def webp_of_the_largest_size() -> bytes:
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xfe\x3f\0\xfe\x3f\0"
    lossless = b"VP8L" + struct.pack("<I", 8) + b"\x2f" + struct.pack("<I", 0x0FFFFFFF) + bytes(3)
    return b"RIFF" + struct.pack("<I", len(extended + lossless) + 4) + b"WEBP" + extended + lossless


@other
def webp_of_thousands_of_frames() -> bytes:
    whole = picture_file(
        Image.fromarray(limb(32, 32)), "WEBP", save_all=True,
        append_images=[Image.fromarray(limb(32, 32, seed=1))],
    )  # fmt: skip
    first = whole.index(b"ANMF")
    length = struct.unpack_from("<I", whole, first + 4)[0]
    frames = whole[first : first + 8 + length + length % 2] * 20_000
    body = whole[8:first] + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


# --- five of DICOM, as it is stored -------------------------------------------------------------


@other
def dicom_of_the_largest_size() -> bytes:
    return saved(dicom_dataset(limb(), Rows=65_535, Columns=65_535, NumberOfFrames=2**31 - 1))


@other
def dicom_within_itself_a_thousand_times() -> bytes:
    whole = saved(dicom_dataset(limb()))
    groups = b"\x00\x52\x29\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return before(whole, b"\xe0\x7f\x10\0OW", groups * 1000 + ends * 1000)


@other
def dicom_with_a_shutter_of_a_million_corners() -> bytes:
    dataset = dicom_dataset(limb(), ShutterShape="POLYGONAL")
    dataset.add_new("VerticesOfThePolygonalShutter", "UN", b"9\\" * 2_000_000)
    return saved(dataset)


@other
def dicom_with_an_overlay_of_the_largest_size() -> bytes:
    dataset = dicom_dataset(limb(), ShutterShape="BITMAP", ShutterOverlayGroup=0x6000)
    for element, representation, value in (
        (0x10, "US", 65_535), (0x11, "US", 65_535), (0x50, "SS", [-32_768, -32_768]),
        (0x100, "US", 1), (0x102, "US", 0), (0x3000, "OW", bytes(100_000)),
    ):  # fmt: skip
        dataset.add_new(0x60000000 | element, representation, value)
    return saved(dataset)


@other
def dicom_with_a_table_of_ten_million_entries() -> bytes:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [0, 0, 16], [7] * 8
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    dataset = dicom_dataset(limb(), ModalityLUTSequence=Sequence([item]))
    item.add_new("LUTData", "OW", bytes(20_000_000))
    return saved(dataset)


@other
def dicom_that_explains_a_million_windows() -> bytes:
    dataset = dicom_dataset(limb(), WindowCenter=90, WindowWidth=100)
    dataset.add_new("WindowCenterWidthExplanation", "UN", b"BONE\\" * 1_000_000 + b"X")
    return saved(dataset)


# --- five of run lengths ------------------------------------------------------------------------


def run_lengths(stream: bytes, **attributes: object) -> bytes:
    return encapsulated(stream, RLELossless, **attributes)


def rle_header(count: int, *offsets: int) -> bytes:
    return struct.pack("<16L", count, *offsets, *[0] * (15 - len(offsets)))


@other
def run_lengths_of_four_billion_segments() -> bytes:
    return run_lengths(rle_header(0xFFFFFFFF, 64) + bytes(100))


@other
def run_lengths_that_overlap() -> bytes:
    return run_lengths(
        rle_header(15, *[64] * 15) + b"\x81\0" * 40_000, BitsAllocated=64, BitsStored=64, HighBit=63
    )


@other
def run_lengths_of_a_large_picture_in_a_few_bytes() -> bytes:
    return run_lengths(rle_header(1, 64) + b"\x81\0" * 20, Rows=10_000, Columns=10_000)


@other
def run_lengths_that_do_nothing() -> bytes:
    return run_lengths(rle_header(1, 64) + b"\x80" * 8_000_000)


@other
def run_lengths_beyond_their_picture() -> bytes:
    return run_lengths(rle_header(1, 64) + b"\x81\0" * 2_000_000)


# --- five of what is deflated -------------------------------------------------------------------


@other
def deflated_gigabyte() -> bytes:
    return deflated_dicom(raw_deflated_zeros(1024))


@other
def deflated_gigabyte_without_an_end() -> bytes:
    return deflated_gigabyte()[:-40]


@other
def deflated_items() -> bytes:
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 400_000
    sequence = b"\x28\0\x10\x30SQ\0\0" + struct.pack("<I", len(items)) + items
    return deflated_dicom(raw_deflated(sequence))


@other
def deflated_billion_of_frames() -> bytes:
    dataset = dicom_dataset(limb(), NumberOfFrames=1_000_000_000)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return saved(dataset)


@other
def deflated_twice() -> bytes:
    return deflated_dicom(raw_deflated(deflated_zeros(400)))


# --- five of ZIP --------------------------------------------------------------------------------


@other
def zip_of_200_megabytes_of_zeros() -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("hand.png", "w") as member,
    ):
        member.writelines(bytes(1 << 20) for _ in range(200))
    return file.getvalue()


@other
def zip_of_60000_files_of_nothing() -> bytes:
    name = b"x"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + name
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    directory = (entry + name) * 60_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, len(directory), len(local), 0)
    return local + directory + end


@other
def zip_whose_files_are_all_the_same_bytes() -> bytes:
    whole = zipped(("hand.png", png(chunk(b"IDAT", deflated_zeros(64)))))
    end = whole.rindex(b"PK\5\6")
    start = struct.unpack_from("<I", whole, end + 16)[0]
    entries = whole[start:end] * 3_000
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3_000, 3_000, len(entries), start, 0)
    return whole[:start] + entries + tail


@other
def zip_that_states_a_small_size() -> bytes:
    whole = bytearray(zipped(("hand.png", bytes(50 << 20))))
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = whole.index(signature) + at
        whole[place : place + 4] = struct.pack("<I", 5_000)
    return bytes(whole)


@other
def zip_within_a_zip() -> bytes:
    inner = zipped(("hand.png", bytes(1 << 20)))
    for _ in range(20):
        inner = zipped(("hand.png", inner), ("study.zip", inner))
        if len(inner) > 5_000_000:
            break
    return inner


@other
def zip_of_pictures_that_are_bombs() -> bytes:
    picture = picture_file(limb(), "PNG")
    return zipped(
        ("a.png", png_of_one_row_of_two_billion()),
        ("b.j2k", jpeg_2000_of_2000_components()),
        ("c.dcm", a_billion_frames()),
        ("d.png", picture),
    )


READER = """
import json, resource, sys
from pathlib import Path
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.archives import looks_like_archive
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.imaging.studies import radiographs_in_archive
data = Path(sys.argv[1]).read_bytes()
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
try:
    if looks_like_archive(data):
        said = "; ".join(x.problem or "read" for x in radiographs_in_archive(data, "hand.png"))
    else:
        read_radiograph(data, name="hand.png", max_seconds=20.0)
        said = "read"
except UnreadableRadiograph as error:
    said = str(error)
try:
    from fracture_widgets.imaging.decoders import DECODERS
    DECODERS.end()
except ImportError:
    pass
child = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = sum(child[:2]) + sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
status = Path("/proc/self/status").read_text()
here = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps([cpu, here >> 10, child.ru_maxrss >> 10, said]))
"""
PATIENCE = 40.0


def main() -> None:
    """Read every bomb in a process of its own, and print what it took and what was said of it."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    home.mkdir(exist_ok=True, parents=True)
    print(f"{'kB':>7} {'CPU s':>6} {'MB here':>8} {'MB there':>8}  bomb: what is said")  # noqa: T201
    for name, make in (*NAMED.items(), *OTHERS.items()):
        path = home / f"{name.replace(' ', '-')}.bin"
        path.write_bytes(make())
        command = [sys.executable, "-P", "-c", READER, str(path)]
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            took, here, there, said = json.loads(ran.stdout)
        except subprocess.TimeoutExpired:
            took, here, there, said = PATIENCE, -1, -1, f"no answer in {PATIENCE:g} s, killed"
        except ValueError:
            took, here, there = -1.0, -1, -1
            said = f"died ({ran.returncode}): {ran.stderr.strip()[-80:]}"
        size = path.stat().st_size >> 10
        line = f"{size:>7} {took:>6.1f} {here:>8} {there:>8}  {name}: {said[:200]}"
        print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

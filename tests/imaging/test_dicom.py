from __future__ import annotations

import io
import logging
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from picture_files import PATIENT, dicom_dataset, dicom_file, look_up_table, ramp, saved
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.dicom import pixels
from fracture_widgets.imaging.dicom.reading import read_dicom
from fracture_widgets.imaging.radiograph import read_radiograph

GREY = ramp() / np.float32(255)
DEEP = ramp().astype(np.uint16) * 16  # 0 to 4080

EXAMPLES = files("pydicom") / "data" / "test_files"
"""The few files that come with pydicom itself; the others would have to be downloaded."""


def example(name):
    return (EXAMPLES / name).read_bytes()


def read(stored, **attributes):
    return read_radiograph(dicom_file(stored, **attributes), name="hand.dcm")


def assert_shows(radiograph, expected, atol=1e-5):
    np.testing.assert_allclose(radiograph.pixels, expected, atol=atol)


# --- from stored values to greys ---------------------------------------------------------------


def test_stored_values_are_stretched_from_the_least_to_the_greatest():
    radiograph = read(DEEP + np.uint16(100))
    assert_shows(radiograph, GREY)
    assert radiograph.source_format == "DICOM"
    assert radiograph.warnings == ()


def test_signed_values_are_read_as_signed():
    assert_shows(read(DEEP.astype(np.int16) - np.int16(2000)), GREY)


def test_monochrome1_counts_from_white():
    assert_shows(read(DEEP, PhotometricInterpretation="MONOCHROME1"), 1 - GREY)


def test_the_window_cuts_off_what_lies_outside():
    # PS3.3, C.11.2.1.2: linear, from centre - 0.5 - (width - 1) / 2.
    radiograph = read(DEEP, WindowCenter=2040.5, WindowWidth=1021)
    assert_shows(radiograph, np.clip((DEEP - 1530.0) / 1020, 0, 1))


def test_the_first_of_several_windows_is_taken():
    several = read(DEEP, WindowCenter=[2040.5, 5], WindowWidth=[1021, 3])
    assert_shows(several, read(DEEP, WindowCenter=2040.5, WindowWidth=1021).pixels)


def test_a_sigmoid_window_is_a_sigmoid():
    radiograph = read(DEEP, WindowCenter=2000, WindowWidth=1000, VOILUTFunction="SIGMOID")
    curve = 1 / (1 + np.exp(-4 * (DEEP - 2000.0) / 1000))
    assert_shows(radiograph, (curve - curve.min()) / np.ptp(curve))


def test_the_window_is_stated_in_rescaled_values():
    rescaled = read(
        DEEP, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=3080.5, WindowWidth=2041
    )
    assert_shows(rescaled, np.clip((DEEP * 2.0 - 1000 - 2060) / 2040, 0, 1))


def test_a_negative_slope_turns_the_picture_over():
    assert_shows(read(DEEP, RescaleSlope=-1, RescaleIntercept=0), 1 - GREY)


@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 100, "WindowWidth": -5},
        {"WindowCenter": 60_000, "WindowWidth": 2},
        {"WindowCenter": "", "WindowWidth": ""},
    ],
)
def test_a_window_that_shows_nothing_is_left_out_and_told(window):
    radiograph = read(DEEP, **window)
    assert_shows(radiograph, GREY)
    assert radiograph.warnings == (
        "The file's display window shows nothing; the full range of greys is shown instead.",
    )


def test_a_voi_table_goes_before_a_window():
    square = [round((entry / 4080) ** 2 * 65535) for entry in range(4081)]
    radiograph = read(
        DEEP, VOILUTSequence=[look_up_table(square)], WindowCenter=100, WindowWidth=10
    )
    assert_shows(radiograph, (DEEP / 4080.0) ** 2, atol=1e-4)


def test_values_beyond_a_table_take_its_ends():
    # Entries for the values 1000 to 2000 only.
    table = look_up_table(list(range(1001)), first=1000, bits=12)
    assert_shows(read(DEEP, VOILUTSequence=[table]), np.clip((DEEP - 1000.0) / 1000, 0, 1))


def test_a_table_may_begin_below_zero():
    table = look_up_table(list(range(4081)), first=-2000)
    assert_shows(read(DEEP.astype(np.int16) - np.int16(2000), VOILUTSequence=[table]), GREY)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_modality_table_of_any_depth_is_applied(bits):
    table = look_up_table([entry >> 4 for entry in range(4081)], bits=bits)
    assert_shows(read(DEEP, ModalityLUTSequence=[table]), GREY)


def test_an_eight_bit_table_may_have_more_than_256_entries():
    table = look_up_table([255 - entry * 255 // 4080 for entry in range(4081)], bits=8)
    assert_shows(read(DEEP, VOILUTSequence=[table]), 1 - GREY, atol=0.005)


def test_a_table_of_65536_entries_states_none():
    table = look_up_table([])
    table.LUTData, table["LUTData"].VR = None, "OW"
    table.LUTData = np.arange(65536, dtype=np.uint16)[::-1].tobytes()
    assert table.LUTDescriptor[0] == 0
    assert_shows(read(DEEP, VOILUTSequence=[table]), 1 - GREY)


@pytest.mark.parametrize("packed", [np.uint8, np.uint16])
def test_a_table_may_be_stored_as_bytes(packed):
    entries = np.arange(256, dtype=packed)[::-1]
    table = look_up_table([0] * 256, bits=8 * entries.itemsize)
    table.LUTData, table["LUTData"].VR = None, "OW"
    table.LUTData = entries.tobytes()
    assert_shows(read(ramp(), VOILUTSequence=[table]), 1 - GREY)


def test_the_modality_table_comes_before_the_voi_table_and_inversion_comes_last():
    halved = look_up_table([entry // 2 for entry in range(4081)])
    squared = look_up_table([entry * entry // 64 for entry in range(2041)])
    radiograph = read(
        DEEP,
        ModalityLUTSequence=[halved],
        VOILUTSequence=[squared],
        PhotometricInterpretation="MONOCHROME1",
    )
    assert_shows(radiograph, 1 - GREY**2, atol=1e-4)


def test_a_table_without_entries_is_left_out():
    table = look_up_table([0])
    table.LUTData, table["LUTData"].VR = None, "OW"
    table.LUTData = b""
    radiograph = read(DEEP, VOILUTSequence=[table])
    assert_shows(radiograph, GREY)
    assert radiograph.warnings == (
        "The file's look-up table is empty; the full range of greys is shown instead.",
    )


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_does_not_set_the_contrast(photometric):
    stored = DEEP.copy()
    stored[-6:] = 65535
    radiograph = read(stored, PixelPaddingValue=65535, PhotometricInterpretation=photometric)
    shown = GREY if photometric == "MONOCHROME2" else 1 - GREY
    assert_shows(read(DEEP, PhotometricInterpretation=photometric), shown)
    np.testing.assert_allclose(radiograph.pixels[:-6], shown[:-6], atol=1e-5)
    assert not radiograph.pixels[-6:].any()


def test_padding_may_be_a_range():
    stored = DEEP.copy()
    stored[-6:-3], stored[-3:] = 60000, 65535
    radiograph = read(stored, PixelPaddingValue=65535, PixelPaddingRangeLimit=60000)
    np.testing.assert_allclose(radiograph.pixels[:-6], GREY[:-6], atol=1e-5)
    assert not radiograph.pixels[-6:].any()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_picture_of_one_grey_is_black(photometric):
    stored = np.full((20, 20), 77, np.uint16)
    assert not read(stored, PhotometricInterpretation=photometric).pixels.any()


@pytest.mark.slow
@given(
    stored=arrays(np.uint16, (16, 17), elements=st.integers(0, 65535)),
    slope=st.sampled_from([-2.5, 0.5, 1, 7]),
    window=st.one_of(st.none(), st.tuples(st.integers(-99, 70_000), st.integers(1, 70_000))),
    inverted=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_greys_never_change_their_order(stored, slope, window, inverted):
    attributes = {"RescaleSlope": slope, "RescaleIntercept": 3}
    if window:
        attributes |= dict(zip(("WindowCenter", "WindowWidth"), window, strict=True))
    if inverted:
        attributes["PhotometricInterpretation"] = "MONOCHROME1"
    pixels = read(stored, **attributes).pixels.ravel()
    by_value = pixels[np.argsort(stored, axis=None, kind="stable")]
    steps = np.diff(by_value) * (-1 if inverted else 1) * np.sign(slope)
    assert (steps >= -1e-6).all()
    assert 0 <= pixels.min() <= pixels.max() <= 1


# --- colour ------------------------------------------------------------------------------------


def colour(bands, photometric):
    return dicom_file(
        ramp(),
        PixelData=np.stack(bands, axis=-1).tobytes(),
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation=photometric,
    )


def test_rgb_becomes_luminance():
    black = np.zeros_like(ramp())
    red = read_radiograph(colour([ramp(), black, black], "RGB"))
    assert_shows(red, GREY)
    mixed = read_radiograph(colour([ramp(), ramp(), 255 - ramp()], "RGB"))
    assert_shows(mixed, GREY)


def test_ybr_becomes_luminance():
    middle = np.full_like(ramp(), 128)
    assert_shows(read_radiograph(colour([ramp(), middle, middle], "YBR_FULL")), GREY, atol=0.01)


def test_palettes_are_looked_up():
    entries = np.arange(256, dtype=np.uint16)[::-1] * 257
    attributes = {}
    for band in ("Red", "Green", "Blue"):
        attributes[f"{band}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        attributes[f"{band}PaletteColorLookupTableData"] = entries.tobytes()
    radiograph = read(ramp(), PhotometricInterpretation="PALETTE COLOR", **attributes)
    assert_shows(radiograph, 1 - GREY)


# --- syntaxes, frames and headers ---------------------------------------------------------------


def test_run_lengths_are_decoded():
    dataset = dicom_dataset(DEEP)
    dataset.compress(RLELossless)
    assert_shows(read_radiograph(saved(dataset)), GREY)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_other_uncompressed_syntaxes_are_read(syntax):
    dataset = dicom_dataset(DEEP)
    dataset.file_meta.TransferSyntaxUID = syntax
    file = io.BytesIO()
    dataset.save_as(
        file, implicit_vr=syntax.is_implicit_VR, little_endian=True, enforce_file_format=True
    )
    assert_shows(read_radiograph(file.getvalue()), GREY)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("MR_small_expb.dcm", "MR_small.dcm"),
        ("SC_rgb_rle.dcm", "SC_rgb_rle_2frame.dcm"),
    ],
)
def test_lossless_syntaxes_show_the_same_picture(name, twin):
    assert_shows(read_radiograph(example(name)), read_radiograph(example(twin)).pixels)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("JPGExtended.dcm", (1024, 256)),  # JPEG of 12 bits
        ("JPEG2000.dcm", (1024, 256)),
        ("SC_rgb_dcmtk_+eb+cr.dcm", (100, 100)),  # JPEG in RGB
        ("SC_rgb_dcmtk_+eb+cy+s2.dcm", (100, 100)),  # JPEG in YCbCr, 4:2:2
        ("SC_rgb_jls_lossy_line.dcm", (100, 100)),
        ("SC_ybr_full_422_uncompressed.dcm", (100, 100)),
        ("examples_palette.dcm", (350, 800)),
        ("examples_overlay.dcm", (300, 484)),
        ("examples_jpeg2k.dcm", (480, 640)),
        ("image_dfl.dcm", (512, 512)),  # deflated
    ],
)
def test_files_from_the_field_are_read(name, shape):
    radiograph = read_radiograph(example(name))
    assert radiograph.pixels.shape == shape
    assert (radiograph.pixels.min(), radiograph.pixels.max()) == (0, 1)


def recoded(name, change):
    """An example file whose first codestream is changed."""
    dataset = dcmread(io.BytesIO(example(name)))
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([change(frame)])
    return saved(dataset)


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_a_jpeg_whose_scan_ends_at_its_first_frequency_is_read(name):
    def emptied(frame):
        scan = frame.index(b"\xff\xda")
        last = scan + 5 + 2 * frame[scan + 4] + 1
        assert frame[last] == 63
        return frame[:last] + b"\0" + frame[last + 1 :]

    radiograph = read_radiograph(recoded(name, emptied))
    assert_shows(radiograph, read_radiograph(example(name)).pixels)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm"])
def test_what_is_there_of_a_codestream_is_shown_as_in_the_whole_file(name):
    whole = read_radiograph(example(name))
    cut = read_radiograph(recoded(name, lambda frame: frame[: int(0.8 * len(frame))]))
    (note,) = cut.warnings
    assert note.startswith("The file is cut short: its last")
    rows = whole.height - round(cut.missing * whole.height)
    assert 0 < rows < whole.height
    assert not cut.pixels[rows:].any()
    both = np.corrcoef(cut.pixels[:rows].ravel(), whole.pixels[:rows].ravel())
    assert both[0, 1] > 0.99


@pytest.mark.parametrize(
    "name", ["rtplan.dcm", "rtstruct.dcm", "waveform_ecg.dcm", "test-SR.dcm", "reportsi.dcm"]
)
def test_dicom_files_of_other_kinds_hold_no_picture(name):
    with pytest.raises(UnreadableRadiograph, match="is a DICOM file without a picture"):
        read_radiograph(example(name), name=name)


def test_a_truncated_file_from_the_field_is_refused():
    with pytest.raises(UnreadableRadiograph, match=r"MR\.dcm is cut short"):
        read_radiograph(example("MR_truncated.dcm"), name="MR.dcm")


def test_the_first_of_several_frames_is_shown_and_the_number_told():
    radiograph = read(np.stack([DEEP, DEEP[:, ::-1], DEEP * 0]))
    assert_shows(radiograph, GREY)
    assert radiograph.warnings == ("The file holds 3 pictures; the first is shown.",)


def test_only_the_frame_that_is_decoded_counts_for_the_size():
    frames = np.stack([DEEP] * 5)
    assert read_radiograph(dicom_file(frames), max_pixels=DEEP.size).height == 32
    with pytest.raises(UnreadableRadiograph, match=r"48 x 32 pixels and at most 1,535 are read"):
        read_radiograph(dicom_file(frames), max_pixels=DEEP.size - 1)


@pytest.mark.parametrize("implicit", [False, True])
def test_a_file_without_preamble_is_read(implicit):
    dataset = dicom_dataset(DEEP)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    with_meta = saved(dicom_dataset(DEEP))[132:]
    file = io.BytesIO()
    del dataset.file_meta
    dataset.save_as(file, implicit_vr=implicit, little_endian=True)
    bare = file.getvalue()
    bare = bare[132:] if bare[128:132] == b"DICM" else bare
    for data in (with_meta, bare):
        assert_shows(read_radiograph(data), GREY)


def test_a_big_endian_file_without_preamble_is_read():
    whole = example("MR_small_bigendian.dcm")
    dataset = whole[whole.index(b"\x00\x08\x00\x08CS") :]
    assert_shows(read_radiograph(dataset), read_radiograph(whole).pixels)


@pytest.mark.parametrize(
    ("attributes", "spacing"),
    [
        ({"PixelSpacing": [0.15, 0.15]}, (0.15, 0.15)),
        ({"ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1)),
        ({"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.1, 0.1]}, (0.15, 0.15)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1)),
        ({"PixelSpacing": [-1, 1]}, None),
        ({"PixelSpacing": [0.1]}, None),
        ({"PixelSpacing": ""}, None),
        ({}, None),
    ],
)
def test_the_distance_of_pixels_is_kept_where_it_makes_sense(attributes, spacing):
    assert read(DEEP, **attributes).spacing_mm == spacing


def test_a_frame_larger_than_its_header_is_refused_before_it_is_decoded():
    dataset = dicom_dataset(ramp())
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    start = b"\xff\xd8\xff\xc0\x00\x0b\x08" + bytes([0xEA, 0x60, 0xEA, 0x60]) + b"\x01\x01\x11\x00"
    dataset.PixelData = encapsulate([start + bytes(99)])
    dataset["PixelData"].VR = "OB"
    with pytest.raises(UnreadableRadiograph, match="damaged") as refused:
        read_radiograph(saved(dataset))
    assert refused.value.__cause__ is None, "no decoder has tried"


def test_a_deflated_file_that_grows_without_end_is_refused(monkeypatch):
    whole = dicom_dataset(np.zeros((2000, 2000), np.uint8))
    whole.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = saved(whole)
    assert len(data) < 100_000
    monkeypatch.setattr(pixels, "MAX_BYTES", 2**20)
    with pytest.raises(UnreadableRadiograph, match="unpacks to more than 1 MB"):
        read_dicom(data, "hand.dcm", 1 << 24)


def test_a_deflated_stream_that_stops_early_is_refused():
    dataset = dicom_dataset(DEEP)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    with pytest.raises(UnreadableRadiograph, match="damaged"):
        read_radiograph(saved(dataset)[:-60])


# --- the patient --------------------------------------------------------------------------------


def test_nothing_about_the_patient_is_kept_or_logged(caplog):
    caplog.set_level(logging.DEBUG)
    # Values that pydicom complains of, and quotes, when it parses them.
    data = dicom_file(DEEP, PatientBirthDate="19990101", PatientAge="030Y")
    data = data.replace(b"19990101", b"no  date").replace(b"030Y", b"oldY")
    assert str(dcmread(io.BytesIO(data)).PatientName) == PATIENT
    caplog.clear()
    radiograph = read_radiograph(data, name="hand.dcm")
    # A damaged length makes the syntax run on into the patient's name.
    start = data.index(b"UI", data.index(b"\x02\x00\x10\x00"))
    damaged = data[: start + 2] + b"\xff\x00" + data[start + 4 :]
    with pytest.raises(UnreadableRadiograph) as refused:
        read_radiograph(damaged, name="hand.dcm")
    kept = repr(vars(radiograph)) + str(refused.value) + caplog.text
    for word in ("Doe", "Jane", "4711", "no  date", "oldY"):
        assert word not in kept

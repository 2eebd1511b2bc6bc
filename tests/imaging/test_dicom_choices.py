"""Frames, windows and the rest of a DICOM file's greys, with numbers computed by hand."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from picture_files import dicom_dataset, dicom_file, look_up_table, ramp, saved
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph

# One row of every value counts; rows and columns repeat it to the least size that is read.
VALUES = np.array([0, 100, 200, 400, 1000], np.uint16)


def strip(values=VALUES, side=20):
    return np.tile(np.repeat(values, side // len(values)), (side, 1))


def greys(radiograph):
    """The grey of each of the five values."""
    return radiograph.pixels[0, ::4]


def read(stored, *, frame=0, window=0, **attributes):
    data = dicom_file(stored, **attributes)
    return read_radiograph(data, name="hand.dcm", frame=frame, window=window)


def assert_greys(radiograph, expected):
    np.testing.assert_allclose(greys(radiograph), expected, atol=1e-6)


# --- windows ------------------------------------------------------------------------------------

TWO_WINDOWS = {"WindowCenter": [200.5, 500.5], "WindowWidth": [401, 1001]}


def test_any_of_several_windows_can_be_chosen():
    # PS3.3, C.11.2.1.2: from centre - 0.5 - (width - 1) / 2, over width - 1: 0 to 400, 0 to 1000.
    first = read(strip(), **TWO_WINDOWS)
    second = read(strip(), window=1, **TWO_WINDOWS)
    assert_greys(first, [0, 0.25, 0.5, 1, 1])
    assert_greys(second, [0, 0.1, 0.2, 0.4, 1])
    assert (first.window, second.window) == (0, 1)
    assert first.windows == second.windows
    assert first.windows == (
        "Window 1 (centre 200.5, width 401)",
        "Window 2 (centre 500.5, width 1001)",
    )


def test_tables_come_before_windows():
    table = look_up_table([1000 - value for value in range(1001)])
    table.LUTExplanation = "HARDER"
    attributes = TWO_WINDOWS | {"VOILUTSequence": [table, look_up_table(list(range(1001)))]}
    assert read(strip(), **attributes).windows == (
        "Harder",
        "Table 2",
        "Window 1 (centre 200.5, width 401)",
        "Window 2 (centre 500.5, width 1001)",
    )
    assert_greys(read(strip(), **attributes), [1, 0.9, 0.8, 0.6, 0])
    assert_greys(read(strip(), window=1, **attributes), [0, 0.1, 0.2, 0.4, 1])
    assert_greys(read(strip(), window=2, **attributes), [0, 0.25, 0.5, 1, 1])


def test_words_that_somebody_typed_beside_a_window_are_not_shown():
    radiograph = read(
        strip(), **TWO_WINDOWS, WindowCenterWidthExplanation=["SOFT_TISSUE", "Jane Doe's"]
    )
    assert radiograph.windows == (
        "Soft tissue (centre 200.5, width 401)",
        "Window 2 (centre 500.5, width 1001)",
    )


def test_a_window_that_is_not_there_is_refused_in_a_sentence():
    with pytest.raises(
        UnreadableRadiograph,
        match=r"^hand\.dcm has 2 windows and no window 2: choose from 0 to 1\.$",
    ):
        read(strip(), window=2, **TWO_WINDOWS)
    with pytest.raises(UnreadableRadiograph, match="has one window and no window -1"):
        read(strip(), window=-1)


def test_what_is_shown_otherwise_is_a_radiograph_of_its_own():
    first = read(strip(), **TWO_WINDOWS)
    second = first.shown_as(window=1)
    again = read(strip(), window=1, **TWO_WINDOWS)
    assert second.name == again.name == "hand.dcm, window 2"
    assert second.sha256 == again.sha256 != first.sha256
    np.testing.assert_array_equal(second.pixels, again.pixels)
    assert second.shown_as().sha256 == first.sha256
    assert first.shown_as() is first


def test_a_file_with_one_picture_keeps_no_bytes():
    radiograph = read(strip(), WindowCenter=200.5, WindowWidth=401)
    assert radiograph.file is None
    with pytest.raises(UnreadableRadiograph, match=r"^hand\.dcm has no other frame or window"):
        radiograph.shown_as(window=1)


# --- frames -------------------------------------------------------------------------------------


def test_any_of_several_frames_can_be_chosen():
    frames = np.stack([strip(), strip(VALUES[::-1])])
    assert_greys(read(frames), [0, 0.1, 0.2, 0.4, 1])
    second = read(frames, frame=1)
    assert_greys(second, [1, 0.4, 0.2, 0.1, 0])
    assert (second.frame, second.frame_count, second.name) == (1, 2, "hand.dcm, frame 2")
    assert second.warnings == ("The file holds 2 pictures; number 2 is shown.",)
    with pytest.raises(UnreadableRadiograph, match="has 2 frames and no frame 2"):
        read(frames, frame=2)


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def test_every_frame_has_the_window_of_its_functional_group():
    shared = item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.2, 0.2])]),
        PixelValueTransformationSequence=Sequence([item(RescaleSlope=2, RescaleIntercept=-100)]),
    )
    each = [
        item(FrameVOILUTSequence=Sequence([item(WindowCenter=centre, WindowWidth=width)]))
        for centre, width in ((300.5, 801), (900.5, 2001))
    ]
    frames = np.stack([strip(), strip()])
    groups = {
        "SharedFunctionalGroupsSequence": Sequence([shared]),
        "PerFrameFunctionalGroupsSequence": Sequence(each),
    }
    first, second = (read(frames, frame=frame, **groups) for frame in (0, 1))
    # Rescaled: -100, 100, 300, 700, 1900; the windows run from -100 to 700 and to 1900.
    assert_greys(first, [0, 0.25, 0.5, 1, 1])
    assert_greys(second, [0, 0.1, 0.2, 0.4, 1])
    assert first.spacing_mm == second.spacing_mm == (0.2, 0.2)


def test_frames_and_windows_are_for_dicom_files(tmp_path):
    path = tmp_path / "hand.png"
    path.write_bytes(read(strip()).to_png())
    with pytest.raises(UnreadableRadiograph, match=r"^hand\.png is no DICOM file"):
        read_radiograph(path, frame=1)


# --- black, white, sign and padding -------------------------------------------------------------


@pytest.mark.parametrize(
    ("photometric", "shape", "turned", "warns"),
    [
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME2", "INVERSE", True, True),
        ("MONOCHROME1", "IDENTITY", True, True),
        ("MONOCHROME1", None, True, False),
    ],
)
def test_the_presentation_lut_shape_is_heeded(photometric, shape, turned, warns):
    attributes = {"PresentationLUTShape": shape} if shape else {}
    radiograph = read(strip(), PhotometricInterpretation=photometric, **attributes)
    assert_greys(radiograph, [1, 0.9, 0.8, 0.6, 0] if turned else [0, 0.1, 0.2, 0.4, 1])
    said = ("The file says two things about what is black: check that bone is bright here.",)
    assert radiograph.warnings == (said if warns else ())


def implicit(dataset):
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    file = io.BytesIO()
    dataset.save_as(file, implicit_vr=True, little_endian=True, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize("writer", [saved, implicit])
def test_signed_padding_is_black_whatever_the_syntax(writer):
    values = np.array([-2000, -100, 0, 100, 300], np.int16)
    dataset = dicom_dataset(strip(values), PixelPaddingValue=-2000)
    dataset["PixelPaddingValue"].VR = "SS"
    # Without the padding: -100 to 300.
    assert_greys(read_radiograph(writer(dataset)), [0, 0, 0.25, 0.5, 1])


def test_padding_written_in_the_wrong_sign_is_understood():
    values = np.array([-2000, -100, 0, 100, 300], np.int16)
    dataset = dicom_dataset(strip(values), PixelPaddingValue=65536 - 2000)
    dataset["PixelPaddingValue"].VR = "US"
    assert_greys(read_radiograph(saved(dataset)), [0, 0, 0.25, 0.5, 1])
    dataset = dicom_dataset(
        strip(np.array([65535, 100, 200, 300, 500], np.uint16)), PixelPaddingValue=-1
    )
    dataset["PixelPaddingValue"].VR = "SS"
    assert_greys(read_radiograph(saved(dataset)), [0, 0, 0.25, 0.5, 1])


def test_signed_values_pass_rescaling_and_window_as_signed():
    values = np.array([-1000, -600, -200, 0, 1000], np.int16)
    radiograph = read(
        strip(values), RescaleSlope=0.5, RescaleIntercept=500, WindowCenter=300.5, WindowWidth=401
    )
    # Rescaled: 0, 200, 400, 500, 1000; the window runs from 100 to 500.
    assert_greys(radiograph, [0, 0.25, 0.75, 1, 1])


# --- overlays and colour ------------------------------------------------------------------------


def test_overlays_are_ignored_wherever_they_lie():
    plane = dicom_dataset(strip())
    plane.add_new(0x60000010, "US", 20)
    plane.add_new(0x60000011, "US", 20)
    plane.add_new(0x60000040, "CS", "G")
    plane.add_new(0x60000050, "SS", [1, 1])
    plane.add_new(0x60000100, "US", 1)
    plane.add_new(0x60000102, "US", 0)
    plane.add_new(0x60003000, "OW", b"\xff" * 50)
    assert_greys(read_radiograph(saved(plane)), [0, 0.1, 0.2, 0.4, 1])
    # Retired, and still met: the overlay stands in a bit of every pixel that is not used else.
    embedded = strip() | np.uint16(1 << 15) * (np.indices((20, 20))[0] % 2 == 0).astype(np.uint16)
    radiograph = read(embedded, BitsStored=12, HighBit=11)
    assert_greys(radiograph, [0, 0.1, 0.2, 0.4, 1])
    np.testing.assert_array_equal(radiograph.pixels[0], radiograph.pixels[1])


def test_values_may_stand_in_the_high_bits():
    radiograph = read(strip() << np.uint16(4), BitsStored=12, HighBit=15)
    assert_greys(radiograph, [0, 0.1, 0.2, 0.4, 1])


@pytest.mark.parametrize("planar", [0, 1])
def test_a_colour_capture_becomes_grey_pixel_by_pixel_or_plane_by_plane(planar):
    red = strip(np.array([0, 51, 102, 153, 255], np.uint8))
    nothing = np.zeros_like(red)
    bands = np.stack([red, nothing, nothing], axis=0 if planar else -1)
    radiograph = read(
        red,
        PixelData=bands.tobytes(),
        SamplesPerPixel=3,
        PlanarConfiguration=planar,
        PhotometricInterpretation="RGB",
        **TWO_WINDOWS,
    )
    assert_greys(radiograph, [0, 0.2, 0.4, 0.6, 1])
    assert radiograph.windows == (), "windows are for grey"


# --- the study ----------------------------------------------------------------------------------

STUDY = "1.2.826.0.1.3680043.8.498.4711"


def test_radiographs_of_one_study_share_a_key_that_does_not_tell_its_number():
    one = read(strip(), StudyInstanceUID=STUDY)
    other_view = read(ramp(), StudyInstanceUID=STUDY)
    elsewhere = read(strip(), StudyInstanceUID=STUDY + "1")
    assert one.study == other_view.study != elsewhere.study
    assert read(strip()).study == ""
    assert one.study not in repr(one)
    assert STUDY not in one.study


def test_what_is_kept_of_a_file_holds_nothing_that_somebody_typed():
    table = look_up_table(list(range(1001)))
    table.LUTExplanation = "Planted^Name"
    group = item(FrameComments="Planted^Name")
    radiograph = read(
        np.stack([strip(), strip()]),
        **TWO_WINDOWS,
        VOILUTSequence=[table],
        StudyInstanceUID=STUDY,
        WindowCenterWidthExplanation=["Planted^Name", "NORMAL"],
        PerFrameFunctionalGroupsSequence=Sequence(
            [item(FrameContentSequence=Sequence([group])) for _ in range(2)]
        ),
    )
    kept = pickle.dumps(radiograph)
    assert b"Planted" not in kept
    assert STUDY.encode() not in kept
    assert b"Normal" in kept, "this does look into what is kept"


def test_what_is_kept_of_a_file_has_the_tables_and_the_known_words_of_its_frames():
    table = look_up_table(list(range(1001))[::-1])
    table.LUTExplanation = "Planted^Name"
    words = {"WindowCenterWidthExplanation": ["BONE", "Planted^Name"]}
    shown = item(VOILUTSequence=Sequence([table]), **TWO_WINDOWS, **words)
    each = [item(FrameVOILUTSequence=Sequence([shown])) for _ in range(2)]
    frames = np.stack([strip(), strip()[:, ::-1]])
    groups = {"PerFrameFunctionalGroupsSequence": Sequence(each)}
    first = read(frames, **groups)
    assert first.windows == (
        "Table 1",
        "Bone (centre 200.5, width 401)",
        "Window 2 (centre 500.5, width 1001)",
    )
    for window in range(3):
        seen = first.shown_as(frame=1, window=window)
        again = read(frames, frame=1, window=window, **groups)
        assert seen.windows == again.windows
        assert np.array_equal(seen.pixels, again.pixels)
    assert b"Planted" not in pickle.dumps(first)

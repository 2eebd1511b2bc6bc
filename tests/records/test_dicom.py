from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from drawn_boxes import frame_on_page, marked, measured_box
from known_reports import (
    MADE_AT,
    WHY,
    known_report,
    limb_report,
    overridden_report,
    refused_report,
)
from picture_files import dicom_dataset, dicom_file, ramp, saved
from pydicom import dcmread
from pydicom.uid import UID

from fracture_widgets.base import __version__
from fracture_widgets.base.language import NOTICE
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.figures.palette import FOUND
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.records.dicom import report_dicom
from fracture_widgets.records.dicom_identity import read_identity

pytestmark = pytest.mark.slow

ARCHIVE = {
    "StudyInstanceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3.4.5",
    "PatientBirthDate": "19700101",
    "AccessionNumber": "A-17",
    "ReferringPhysicianName": "Roe^Richard",
}


PEAK = Finding("fracture", "hand", 0.929079, "fracture map", place=(0.25, 0.5))
BOXED = Finding("fracture", "hand", 0.5, "detector", box=Box(0.2, 0.25, 0.4, 0.75))


def opened(report, **options):
    """Both instances of a report: the capture and the document."""
    made = report_dicom(report, made_at=MADE_AT, **options)
    return tuple(dcmread(io.BytesIO(content)) for content in made.values())


@pytest.fixture(scope="module")
def report():
    return known_report(name="Doe Jane.dcm", source_format="DICOM")


@pytest.fixture(scope="module")
def both(report):
    return opened(report)


@pytest.fixture(scope="module")
def source():
    return dicom_file(ramp(), **ARCHIVE)


def items(dataset):
    """Every content item of a document, as (name, value, the unit of a number)."""
    for item in dataset.get("ContentSequence", ()):
        name = item.ConceptNameCodeSequence[0].CodeMeaning
        match item.ValueType:
            case "NUM":
                measured = item.MeasuredValueSequence[0]
                unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
                yield name, float(measured.NumericValue), unit
            case "CODE":
                yield name, item.ConceptCodeSequence[0].CodeMeaning, ""
            case "TEXT":
                yield name, item.TextValue, ""
            case "IMAGE":
                yield name, item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID, ""
        yield from items(item)


def test_the_capture_is_the_report_page_in_colour(both):
    capture, _ = both
    assert UID(capture.SOPClassUID).name == "Secondary Capture Image Storage"
    pixels = capture.pixel_array
    assert pixels.shape == (1754, 1240, 3)
    assert np.ptp(pixels.astype(int), axis=2).max() > 100
    assert capture.ImageComments == NOTICE


def test_the_document_is_a_measurement_report_of_the_device(both):
    _, document = both
    assert UID(document.SOPClassUID).name == "Comprehensive SR Storage"
    assert document.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    said = list(items(document))
    assert ("Observer Type", "Device", "") in said
    assert ("Device Observer Serial Number", "b" * 64, "") in said
    assert ("Algorithm Name", "Fracture Widgets", "") in said
    assert ("Algorithm Version", __version__, "") in said
    assert ("Algorithm Parameters", f"Model sha256: {'b' * 64}", "") in said
    assert document.VerificationFlag == "UNVERIFIED"


def test_the_document_says_what_every_other_report_says(both):
    _, document = both
    said = list(items(document))
    for wanted in (
        ("Finding", "Fracture of bone", ""),
        ("Finding Site", "Hand", ""),
        ("Verdict of the software", "fracture", ""),
        ("Probability", 87.0, "%"),
        ("Operating point: none seen below", 12.0, "%"),
        ("Operating point: fracture from", 61.0, "%"),
        ("Probability of the body part", 97.0, "%"),
        ("Comment", NOTICE, ""),
    ):
        assert wanted in said


def test_the_document_refers_to_the_capture_in_a_study_of_their_own(both):
    capture, document = both
    assert ("Source of Measurement", capture.SOPInstanceUID, "") in list(items(document))
    assert document.StudyInstanceUID == capture.StudyInstanceUID
    assert document.SeriesInstanceUID != capture.SeriesInstanceUID
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == capture.SOPInstanceUID


def test_by_default_they_belong_to_nobody(both):
    for instance in both:
        for keyword in (
            *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
            *("AccessionNumber", "StudyID", "ReferringPhysicianName"),
        ):
            assert not instance[keyword].value
        assert "Doe" not in str(instance)
    capture, document = both
    assert document.PatientIdentityRemoved == "YES"
    # What is burnt into a radiograph nobody knows.
    assert (capture.BurnedInAnnotation, capture.PatientIdentityRemoved) == ("YES", "NO")


def test_a_reason_that_names_the_file_does_not_name_it_here():
    report = refused_report(name="hand.png", source_format="DICOM")
    for instance in opened(report):
        assert "hand.png" not in str(instance)
    assert ("Reason for the refusal", WHY.replace("hand.png", "The file"), "") in list(
        items(opened(report)[1])
    )


def test_the_same_report_at_the_same_time_is_the_same_files(report):
    assert report_dicom(report, made_at=MADE_AT) == report_dicom(report, made_at=MADE_AT)


def test_another_answer_is_another_instance(report, both):
    other = opened(known_report(name="Doe Jane.dcm", calibrated_probability=0.3))
    assert {x.SOPInstanceUID for x in both}.isdisjoint(x.SOPInstanceUID for x in other)


def test_whoever_brings_the_study_gets_reports_that_join_it(report, source):
    capture, document = opened(report, identity=read_identity(source, "x.dcm"))
    for instance in capture, document:
        assert instance.PatientName == "Doe^Jane"
        assert instance.PatientID == "4711"
        assert instance.StudyInstanceUID == "1.2.3.4"
        assert instance.AccessionNumber == "A-17"
        assert "PatientIdentityRemoved" not in instance
    original = dcmread(io.BytesIO(source))
    assert ("Source of Measurement", original.SOPInstanceUID, "") in list(items(document))


def test_a_name_in_another_character_set_arrives_whole(report):
    dataset = dicom_dataset(ramp(), SpecificCharacterSet="ISO_IR 100", **ARCHIVE)
    dataset.PatientName = "Müller^Zoë"
    for instance in opened(report, identity=read_identity(saved(dataset), "x.dcm")):
        assert instance.PatientName == "Müller^Zoë"


def test_values_that_the_standard_does_not_allow_are_left_out(report):
    odd = {
        "PatientBirthDate": "1970",
        "PatientSex": "X",
        "StudyTime": "9 h",
        "StudyDate": "20260231",
    }
    with pytest.warns(UserWarning, match="Invalid value"):
        data = dicom_file(ramp(), **(ARCHIVE | odd))
    for instance in opened(report, identity=read_identity(data, "x.dcm")):
        assert instance.PatientName == "Doe^Jane"
        assert not any(instance[keyword].value for keyword in odd)


def test_of_several_frames_the_first_is_referred_to(report):
    frames = dicom_file(np.stack([ramp(), ramp()]), **ARCHIVE)
    _, document = opened(report, identity=read_identity(frames, "x.dcm"))
    reference = document.ContentSequence[-1].ContentSequence[0].ContentSequence
    (image,) = (item for item in reference if item.ValueType == "IMAGE")
    assert image.ReferencedSOPSequence[0].ReferencedFrameNumber == 1


@pytest.mark.parametrize(
    "data", [b"", b"no DICOM", dicom_file(ramp())], ids=["nothing", "text", ""]
)
def test_a_file_that_is_of_no_study_is_one_sentence(data):
    with pytest.raises(UnreadableRadiograph, match=r"x\.dcm does not say which study"):
        read_identity(data, "x.dcm")


def test_an_identity_is_not_shown_when_printed(source):
    assert "Doe" not in repr(read_identity(source, "x.dcm"))


def test_a_refused_radiograph_has_a_reason_and_neither_part_nor_probability():
    said = list(items(opened(refused_report(source_format="DICOM"))[1]))
    names = {name for name, _, _ in said}
    assert ("Verdict of the software", "refused", "") in said
    assert "Reason for the refusal" in names
    assert not [x for x in said if x[2]]
    assert names.isdisjoint({"Finding", "Finding Site", "Probability"})


def test_the_operating_point_is_coded():
    band = DoubtBand(0.2, 0.4, "balanced")
    said = list(items(opened(known_report(source_format="DICOM", band=band))[1]))
    assert ("Operating point", "Balanced", "") in said
    assert ("Operating point: fracture from", 40.0, "%") in said
    refused = list(items(opened(refused_report(source_format="DICOM", band=band))[1]))
    assert "Operating point" not in {name for name, _, _ in refused}


def test_what_is_noted_of_an_answer_is_a_comment_and_of_a_refused_one_nothing():
    noted = {"notes": ("It looks unlike.",), "source_format": "DICOM"}
    comment = ("Comment", "It looks unlike.", "")
    assert comment in list(items(opened(known_report(**noted))[1]))
    assert comment not in list(items(opened(refused_report(**noted))[1]))


def test_an_answer_given_on_request_is_marked():
    said = list(items(opened(overridden_report(source_format="DICOM"))[1]))
    assert ("Check of the input", "Refused, answered on request", "") in said
    assert ("Verdict of the software", "fracture", "") in said
    (reason,) = (value for name, value, _ in said if name == "Reason for the refusal")
    assert str(reason).startswith("Answered on request, against this warning:")


def of_the_source(report):
    pixels = np.zeros(ramp().shape, np.float32)
    return replace(report, radiograph=replace(report.radiograph, pixels=pixels))


def found_report(**options):
    return of_the_source(known_report(findings=(PEAK, BOXED), **options))


def joints_report(**options):
    return of_the_source(limb_report(**options))


@pytest.mark.skipif(
    shutil.which("dciodvfy") is None,
    reason="dciodvfy is not installed: run  sudo apt install dicom3tools  on Debian",
)
@pytest.mark.parametrize(
    "make", [known_report, refused_report, overridden_report, found_report, joints_report]
)
@pytest.mark.parametrize("kept", [False, True], ids=["nobody's", "of a study"])
def test_an_independent_validator_finds_no_error(make, kept, source, tmp_path):
    identity = read_identity(source, "x.dcm") if kept else None
    made = report_dicom(make(source_format="DICOM"), made_at=MADE_AT, identity=identity)
    for content, kind in zip(made.values(), ("SCImage", "ComprehensiveSR"), strict=True):
        (tmp_path / "made.dcm").write_bytes(content)
        said = subprocess.run(
            ["dciodvfy", str(tmp_path / "made.dcm")], capture_output=True, text=True, check=False
        )
        lines = (said.stdout + said.stderr).splitlines()
        assert kind in lines
        assert [line for line in lines if line.startswith("Error")] == []


def regions(document):
    """Shape, points and score of every place that a document marks on an image."""
    for group in document.ContentSequence[-1].ContentSequence:
        for item in group.ContentSequence:
            if item.ValueType == "SCOORD":
                (score,) = (value for name, value, _ in items(group) if name.startswith("Score"))
                yield item.GraphicType, list(item.GraphicData), score


def test_findings_are_listed_in_words():
    said = list(items(opened(known_report(source_format="DICOM", findings=(PEAK, BOXED)))[1]))
    found = [value for name, value, _ in said if name == "What was found where"]
    assert found == [
        "1 Fracture, left of the picture: 92.9 % (fracture map)",
        "2 Fracture, left of the picture: 50.0 % (detector)",
    ]


def test_a_place_is_marked_on_the_image_that_was_examined():
    report = known_report(source_format="DICOM", findings=(PEAK, BOXED))
    of_its_size = dicom_file(np.zeros((200, 150), np.uint16), **ARCHIVE)
    _, document = opened(report, identity=read_identity(of_its_size, "x.dcm"))
    assert list(regions(document)) == [
        ("POINT", [37.5, 100.0], 92.9079),
        ("POLYLINE", [30, 50, 60, 50, 60, 150, 30, 150, 30, 50], 50.0),
    ]


@pytest.mark.parametrize("kept", [True, False], ids=["another size", "no identity"])
def test_where_that_image_is_not_at_hand_a_place_is_marked_on_the_capture(kept):
    report = known_report(source_format="DICOM", findings=(PEAK, BOXED))
    other = dicom_file(np.zeros((100, 150), np.uint16), **ARCHIVE)
    capture, document = opened(report, identity=read_identity(other, "x.dcm") if kept else None)
    referred = [
        item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for group in document.ContentSequence[-1].ContentSequence
        for item in group.ContentSequence
        if item.ValueType == "SCOORD"
    ]
    assert referred == [capture.SOPInstanceUID] * 2
    pixels = capture.pixel_array
    left, top, width, height = frame = frame_on_page(pixels)
    found = measured_box(pixels, frame, [0.2, 0.25, 0.4, 0.75], FOUND)
    in_pixels = [left + found[0] * width, top + found[1] * height,
                 left + found[2] * width, top + found[3] * height]  # fmt: skip
    places = marked(document)
    assert places["Finding 2"] == pytest.approx(in_pixels, abs=1.5)
    assert places["Finding 1"][:2] == pytest.approx([left + width / 4, top + height / 2], abs=1.5)


def test_joints_are_listed_in_words_and_marked_with_what_is_said_of_them(source):
    report = joints_report(source_format="DICOM")
    _, document = opened(report, identity=read_identity(source, "x.dcm"))
    said = [value for name, value, _ in items(document) if name.startswith("What was examined")]
    assert said == [
        "A Hand, lower left of the picture: fracture (fracture 87.0 %)",
        "B Elbow, top of the picture: none seen (fracture 5.0 %)",
        "What lies outside these joints is not examined.",
    ]
    _, hand, elbow, found = document.ContentSequence[-1].ContentSequence
    for group, wanted in (
        (hand, {"Finding": "Joint that was examined", "Finding Site": "Hand", "Probability": 87.0}),
        (elbow, {"Verdict of the software": "none seen", "Score of the joint": 80.0}),
        (found, {"Finding": "Fracture of bone", "Score of the finding": 75.0}),
    ):
        known = {name: value for name, value, _ in items(group)}
        assert wanted.items() <= known.items()
    assert len(list(regions(document))) == 3
    assert ("POLYLINE", [4.8, 19.2, 24, 19.2, 24, 28.8, 4.8, 28.8, 4.8, 19.2], 90.0) in [
        (shape, [round(value, 4) for value in points], score)
        for shape, points, score in regions(document)
    ]
    document = opened(limb_report(source_format="DICOM"))[1]
    assert list(marked(document)) == ["Joint A", "Joint B", "Finding 1 of joint A"]


@pytest.mark.parametrize("answer", [{"refusal": WHY}, {"calibrated_probability": 0.1}])
def test_where_no_fracture_is_suspected_no_finding_is_shown(answer):
    report = known_report(source_format="DICOM", findings=(PEAK,), **answer)
    assert not [name for name, _, _ in items(opened(report)[1]) if name == "What was found where"]

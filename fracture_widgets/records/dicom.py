"""Reports as DICOM: a secondary capture of the page, and a structured report (TID 1500).

What the standard has no code for, our verdicts first, is coded in a scheme of our own, whose name
every report carries: "none seen" is not the "absent" of a clinician, and must not be taken for it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import RLELossless

from fracture_widgets.base import __version__
from fracture_widgets.base.language import ENGLISH, NOTICE, speaking
from fracture_widgets.figures.overlay import PLAIN, Look
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.report import JointAnswer, Report
from fracture_widgets.models.verdict_words import (
    Annotation,
    annotations_of,
    not_examined,
    override_mark,
)
from fracture_widgets.parts import Verdict, all_parts
from fracture_widgets.records.dicom_identity import MAKER, Header, Identity, derived_uid
from fracture_widgets.records.page import report_page

try:
    import highdicom as hd
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
except ImportError:  # an extra: who asks for such a report is told before this module is used
    pass

if TYPE_CHECKING:
    from fracture_widgets.records.saved_result import SavedResult
    from fracture_widgets.records.sheet import Frame, Sheet

SCHEME = "99FRACWIDGETS"
"""Designator of our own coding scheme; those that start with 99 are private."""
FINDING = Code("125605004", "SCT", "Fracture of bone")
PROCEDURE = Code("363679005", "SCT", "Imaging procedure")  # CID 100 has it in every edition
PROBABILITY = Code("122157", "DCM", "Probability")
PERCENT = Code("%", "UCUM", "Percent")
VERDICT = Code("verdict", SCHEME, "Verdict of the software")
VERDICTS = {verdict: Code(verdict.name.lower(), SCHEME, str(verdict)) for verdict in Verdict}
"""The verdicts, in the words of every other report."""

GATE = Code("gate", SCHEME, "Check of the input")
OVERRIDDEN = Code("overridden", SCHEME, "Refused, answered on request")
REASON = Code("reason", SCHEME, "Reason for the refusal")
POINT = Code("operating_point", SCHEME, "Operating point")
DOUBT_FROM = Code("doubt_from", SCHEME, "Operating point: none seen below")
FRACTURE_FROM = Code("fracture_from", SCHEME, "Operating point: fracture from")
BODY_PART_PROBABILITY = Code("part_probability", SCHEME, "Probability of the body part")
FOUND = Code("found", SCHEME, "What was found where")
SCORE = Code("score", SCHEME, "Score of the finding")
JOINT = Code("joint", SCHEME, "Joint that was examined")
JOINT_SCORE = Code("joint_score", SCHEME, "Score of the joint")
EXAMINED = Code("examined", SCHEME, "What was examined, and what was not")

_UNNAMED = "not named here"


@speaking(ENGLISH)  # its codes are, and readers of any language open it
def report_dicom(
    report: Report,
    made_at: datetime,
    *,
    identity: Identity | None = None,
    look: Look = PLAIN,
    reading: SavedResult | None = None,
) -> dict[str, bytes]:
    """Return a report as two DICOM files, by their names."""
    shown, source = (_unnamed(report), None) if identity is None else (report, identity.source)
    moment = made_at.astimezone(UTC)
    study = "" if source is None else str(source.StudyInstanceUID)
    content = json.dumps([report.to_dict(), moment.isoformat(), study], sort_keys=True)
    seed = hashlib.sha256(content.encode()).hexdigest()
    header = Header(seed, moment, report.model, source)
    page = report_page(shown, moment, look, reading)
    capture = secondary_capture(page, header)
    evidence = [capture] if source is None else [source, capture]
    return {
        # Written before the document is made: highdicom lets the two share their patient's
        # elements.
        "secondary-capture.dcm": _written(capture),
        "structured-report.dcm": _written(structured_report(shown, header, evidence, page.frame)),
    }


def _unnamed(report: Report) -> Report:
    """Take the file's name, which is often a patient's, out of all that is said."""
    name = report.radiograph.name
    radiograph = report.radiograph.replaced(
        name=_UNNAMED,
        warnings=tuple(x.replace(name, "The file") for x in report.radiograph.warnings),
    )
    answer = replace(report.answer, refusal=report.answer.refusal.replace(name, "The file"))
    return replace(report, radiograph=radiograph, answer=answer)


def _written(instance: Dataset) -> bytes:
    file = io.BytesIO()
    instance.save_as(file, enforce_file_format=True)
    return file.getvalue()


def secondary_capture(page: Sheet, header: Header) -> Dataset:
    """Return a report's page as a Secondary Capture Image, in colour and compressed losslessly."""
    with Image.open(io.BytesIO(page.to_png())) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    source = header.source
    capture: Dataset = hd.sc.SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=header.uid("study") if source is None else source.StudyInstanceUID,
        series_instance_uid=header.uid("capture series"),
        series_number=9001,
        sop_instance_uid=header.uid("capture"),
        instance_number=1,
        transfer_syntax_uid=RLELossless,
        **header.software(),
        **header.subject(),
    )
    # A page has no direction in the patient, though highdicom wants one, and no side is known.
    capture.PatientOrientation = None
    capture.Laterality = None
    capture.ConversionType = "WSD"
    capture.DateOfSecondaryCapture = header.date
    capture.TimeOfSecondaryCapture = header.time
    capture.BurnedInAnnotation = "YES"
    capture.ImageComments = NOTICE
    header.complete(capture, pixels=True)
    return capture


def structured_report(
    report: Report, header: Header, evidence: Sequence[Dataset], frame: Frame
) -> Dataset:
    """Return the report as a Comprehensive SR document.

    The last of the ``evidence`` is the capture, on which the radiograph lies in ``frame``.
    """
    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=derived_uid(MAKER, __version__, report.model),
            name=MAKER,
            manufacturer_name=MAKER,
            model_name=f"{MAKER} {__version__}",
            serial_number=report.model,
        ),
    )
    places = _places(report, header, evidence, frame)
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=device),
        procedure_reported=PROCEDURE,
        imaging_measurements=[_answer(report, header, evidence[0]), *places],
        title=codes.DCM.ImagingMeasurementReport,
    )
    scheme = CodingSchemeIdentificationItem(SCHEME, name=f"Concepts of {MAKER}")
    document = hd.sr.ComprehensiveSR(
        evidence=evidence,
        content=content,
        series_instance_uid=header.uid("document series"),
        series_number=9002,
        sop_instance_uid=header.uid("document"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=[scheme],
        **header.software(),
    )
    header.complete(document, pixels=False)
    return document


def _answer(
    report: Report, header: Header, image: Dataset
) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    answer = report.answer
    values = {
        PROBABILITY: answer.calibrated_probability,
        DOUBT_FROM: answer.band.low,
        FRACTURE_FROM: answer.band.high,
        BODY_PART_PROBABILITY: answer.body_part_probability,
    }
    said = [(VERDICT, VERDICTS[answer.verdict])] + [(GATE, OVERRIDDEN)] * answer.overridden
    if (point := answer.band.point) and not answer.refused:
        said.append((POINT, Code(point, SCHEME, point.capitalize())))
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(header, "findings", "Answer"),
        # A radiograph that was refused says nothing of a fracture, not even that none was sought.
        finding_type=None if answer.refused else FINDING,
        algorithm_id=_algorithm(report.model),
        finding_sites=None if answer.refused else _sites(answer.body_part),
        measurements=None if answer.refused else [_percent(*value) for value in values.items()],
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(*each) for each in said],
        source_images=[hd.sr.SourceImageForMeasurementGroup(*_referenced(image))],
    )
    reason = override_mark(answer) or (answer.refusal if answer.refused else "")
    texts = [(REASON, reason)] if reason else []
    annotations = annotations_of(answer)
    texts += [(EXAMINED, annotation.sentence) for annotation in annotations if annotation.is_joint]
    if answer.examined_joints:
        texts.append((EXAMINED, not_examined(len(answer.examined_joints))))
    texts += [(FOUND, annotation.sentence) for annotation in annotations if not annotation.is_joint]
    notes = () if answer.refused else answer.notes
    for name, text in [*texts, *((codes.DCM.Comment, said) for said in (*notes, NOTICE))]:
        group[0].ContentSequence.append(
            hd.sr.TextContentItem(name, text, hd.sr.RelationshipTypeValues.CONTAINS)
        )
    return group


def _places(
    report: Report, header: Header, evidence: Sequence[Dataset], frame: Frame
) -> Iterator[hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations]:
    """Yield joints and findings with their places on the source image, if it is what was examined.

    Otherwise they lie on the capture. Each finding is named with the letter of its joint.
    """
    radiograph, image = report.radiograph, evidence[0]
    size = (radiograph.width, radiograph.height)
    if header.source is not None and (image.get("Columns"), image.get("Rows")) == size:
        frame = (0.0, 0.0, *size)
    else:
        image = evidence[-1]
    for annotation in annotations_of(report.answer):
        if annotation.where is None:
            continue
        shape, points = _outline(annotation.where)
        placed = np.array(points) * frame[2:] + frame[:2]
        place = hd.sr.SourceImageForRegion(*_referenced(image))
        of = f" of joint {annotation.joint}" if annotation.joint else ""
        name = f"{'Joint' if annotation.is_joint else 'Finding'} {annotation.name}{of}"
        yield hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(header, name.lower(), name),
            referenced_region=hd.sr.ImageRegion(shape, placed, place),
            algorithm_id=_algorithm(report.model),
            **_said_of(annotation),
        )


def _said_of(annotation: Annotation) -> dict[str, Any]:
    """Return highdicom's arguments on what is said of a joint or a finding."""
    said = annotation.said
    if isinstance(said, JointAnswer):
        return {
            "finding_type": JOINT,
            "finding_sites": _sites(said.answer.body_part),
            "measurements": [
                _percent(PROBABILITY, said.answer.calibrated_probability),
                _percent(JOINT_SCORE, said.score),
            ],
            "qualitative_evaluations": [
                hd.sr.QualitativeEvaluation(VERDICT, VERDICTS[annotation.verdict])
            ],
        }
    known = said.kind == "fracture"
    return {
        "finding_type": FINDING if known else Code(said.kind, SCHEME, said.kind),
        "finding_sites": _sites(said.body_part),
        "measurements": [_percent(SCORE, said.score)],
    }


def _outline(where: Box | tuple[float, float]) -> tuple[str, list[tuple[float, float]]]:
    """Return what DICOM calls the shape of a box or point, and its points in fractions."""
    if not isinstance(where, Box):
        return "POINT", [where]
    left, top, right, bottom = where.x0, where.y0, where.x1, where.y1
    return "POLYLINE", [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def _tracking(header: Header, of: str, name: str) -> hd.sr.TrackingIdentifier:
    return hd.sr.TrackingIdentifier(uid=header.uid(of), identifier=name)


def _sites(body_part: str) -> list[hd.sr.FindingSite] | None:
    """Return where a finding of a body part is, or None for a part that is not installed."""
    sites = [Code(*part.site) for part in all_parts() if part.name == body_part]
    return [hd.sr.FindingSite(anatomic_location=site) for site in sites] or None


def _algorithm(model: str) -> hd.sr.AlgorithmIdentification:
    return hd.sr.AlgorithmIdentification(
        name=MAKER, version=__version__, parameters=[f"Model sha256: {model}"]
    )


def _referenced(image: Dataset) -> tuple[str, str, list[int] | None]:
    """Return class and instance of an image; of several frames, the first is examined."""
    frames = [1] if int(image.get("NumberOfFrames") or 1) > 1 else None
    return image.SOPClassUID, image.SOPInstanceUID, frames


def _percent(name: Code, share: float) -> hd.sr.Measurement:
    return hd.sr.Measurement(name, round(100.0 * share, 4), PERCENT)

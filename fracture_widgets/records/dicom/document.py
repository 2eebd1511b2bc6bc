"""The report as a DICOM structured report: TID 1500, Measurement Report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.verdict_words import override_mark
from fracture_widgets.records.dicom import concepts
from fracture_widgets.records.dicom.header import MAKER, Header
from fracture_widgets.records.dicom.uids import derived_uid

if TYPE_CHECKING:
    from highdicom import sr

__all__ = ["structured_report"]


def structured_report(report: Report, header: Header, evidence: Sequence[Dataset]) -> Dataset:
    """Return the report as a Comprehensive SR document."""
    from highdicom import sr
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from pydicom.sr.codedict import codes

    device = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=derived_uid(MAKER, __version__, report.model),
            name=MAKER,
            manufacturer_name=MAKER,
            model_name=f"{MAKER} {__version__}",
            serial_number=report.model,
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=device),
        procedure_reported=concepts.PROCEDURE,
        imaging_measurements=[_findings(report, header, evidence)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    options: dict[str, Any] = header.software()
    document = sr.ComprehensiveSR(
        evidence=evidence,
        content=content,
        series_instance_uid=header.uid("document series"),
        series_number=9002,
        sop_instance_uid=header.uid("document"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=[
            CodingSchemeIdentificationItem(concepts.SCHEME, name=f"Concepts of {MAKER}")
        ],
        **options,
    )
    header.complete(document, pixels=False)
    return document


def _findings(
    report: Report, header: Header, evidence: Sequence[Dataset]
) -> sr.MeasurementsAndQualitativeEvaluations:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    answer = report.answer
    site = concepts.site(answer.body_part)
    verdict = sr.QualitativeEvaluation(concepts.VERDICT, concepts.VERDICTS[answer.verdict])
    gate = sr.QualitativeEvaluation(concepts.GATE, concepts.OVERRIDDEN)
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=header.uid("findings"), identifier="Answer"),
        # A radiograph that was refused says nothing of a fracture, not even that none was sought.
        finding_type=None if answer.refused else concepts.FINDING,
        algorithm_id=sr.AlgorithmIdentification(
            name=MAKER,
            version=__version__,
            parameters=[f"Model sha256: {report.model}"],
        ),
        finding_sites=None
        if answer.refused or site is None
        else [sr.FindingSite(anatomic_location=site)],
        measurements=[] if answer.refused else _measurements(answer),
        qualitative_evaluations=[verdict, gate] if answer.overridden else [verdict],
        source_images=[_source(evidence[0])],
    )
    said = override_mark(answer) or (answer.refusal if answer.refused else "")
    texts = [(concepts.REASON, said)] if said else []
    for name, text in [*texts, (codes.DCM.Comment, NOTICE)]:
        group[0].ContentSequence.append(
            sr.TextContentItem(name, text, sr.RelationshipTypeValues.CONTAINS)
        )
    return group


def _source(image: Dataset) -> sr.SourceImageForMeasurementGroup:
    from highdicom import sr

    # Of several frames, the first is examined.
    frames = [1] if int(image.get("NumberOfFrames") or 1) > 1 else None
    return sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID, frames)


def _measurements(answer: Answer) -> list[sr.Measurement]:
    from highdicom import sr

    values = (
        (concepts.PROBABILITY, answer.calibrated_probability),
        (concepts.DOUBT_FROM, answer.band.low),
        (concepts.FRACTURE_FROM, answer.band.high),
        (concepts.BODY_PART_PROBABILITY, answer.body_part_probability),
    )
    return [
        sr.Measurement(name, round(100.0 * value, 4), concepts.PERCENT) for name, value in values
    ]

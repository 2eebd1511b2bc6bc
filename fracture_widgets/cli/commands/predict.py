"""``fracture-widgets predict``: answers for files, folders, ZIP archives, and studies."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fracture_widgets.cli.narrator import complain, tell, tell_json
from fracture_widgets.cli.options import (
    App,
    Engine,
    OperatingPoint,
    folder_for,
    tell_skipped,
    writing,
)
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.parts import Verdict, in_words

if TYPE_CHECKING:
    from fracture_widgets.imaging.radiograph import RadiographLike
    from fracture_widgets.imaging.studies import Found
    from fracture_widgets.models.report import Answer, Report
    from fracture_widgets.models.study import StudyAnswer
    from fracture_widgets.records.dicom_identity import Identity

app = App()

_STDIN = "standard input"
_STYLES = {
    Verdict.FRACTURE: "bold red",
    Verdict.DOUBT: "bold yellow",
    Verdict.NONE_SEEN: "bold green",
    Verdict.REFUSED: "bold",
}


def _formats(text: str) -> str:
    from fracture_widgets.records.formats import ReportFormat

    known = [kind.value for kind in ReportFormat]
    names = dict.fromkeys(name.strip().lower() for name in text.split(","))
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is no format: choose among {', '.join(known)}")
    return ",".join(names)


@app.command(
    short_help="name the body part and say fracture, doubt or none seen",
    help=f"Answer radiographs of {in_words()}, and studies of several views: a study's verdict is "
    "the gravest of its views', its probability their mean. A file that cannot be read does not "
    "stop the rest; the exit code is then 1.",
)
def predict(
    paths: Annotated[list[str], {"parser": str}],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a line")] = False,
    heatmap: Path | None = None,
    override_gate: bool = False,
    reason: str | None = None,
    report: Path | None = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="LIST",
            parser=_formats,
            help="what --report writes, separated by commas: pdf (as if not given), png, csv, "
            "json, dicom; the last for DICOM files alone",
        ),
    ] = "pdf",
    keep_identity: bool = False,
    skipped: bool = False,
    models: Path | None = None,
    engine: Engine = "auto",
    operating_point: OperatingPoint = "sensitive",
) -> int:
    """Answer radiographs.

    Parameters
    ----------
    paths : PATH
        radiographs, or folders or ZIP archives of them; patterns such as "*.png"; - is standard
        input
    heatmap : DIR
        write each radiograph with its fracture map into this folder
    override_gate
        for teaching: answer also what has a reason not to be, with that reason as a warning
    reason : TEXT
        with --override-gate: why, in your words, for every report and table
    report : DIR
        write each result into this folder; as PDF, also one document for each study of several
        views
    keep_identity
        let DICOM reports join the patient's study; otherwise they carry no patient, no study and
        no UID of the file
    """
    from fracture_widgets.imaging.decoders import DECODERS
    from fracture_widgets.imaging.walk import SkippedFiles
    from fracture_widgets.models.cascade import Cascade
    from fracture_widgets.records.formats import StudyDocuments
    from fracture_widgets.records.saved_result import checked_reason

    if reason is not None and not override_gate:
        raise FractureWidgetsError(
            "--reason says why what was refused is answered all the same: add --override-gate."
        )
    why = "" if reason is None else checked_reason(reason)
    DECODERS.start()  # while the networks are loaded
    cascade = Cascade.load(models, engine=engine, operating_point=operating_point)
    if heatmap is not None:
        folder_for("heatmaps", heatmap)
    if keep_identity and (report is None or "dicom" not in formats.split(",")):
        raise FractureWidgetsError(
            "Only a DICOM report can keep the patient's identity: add --report DIR and "
            "--format dicom."
        )
    failures = 0
    studies: dict[str, list[tuple[str, Answer]]] = {}  # what their views got, and no pixels
    documents = StudyDocuments(report if report and "pdf" in formats.split(",") else None)
    left_out = SkippedFiles()
    for found in cascade.examine_many(_sources(paths), skipped=left_out):
        try:
            if found.report is None:
                raise UnreadableRadiograph(found.problem)
            examined = found.report
            if override_gate:
                examined = examined.override(why)
            if heatmap is not None:
                _write_heatmap(examined, heatmap)
            if report is not None:
                _write_reports(examined, report, formats, Path(found.place), keep=keep_identity)
        except FractureWidgetsError as error:
            failures += 1
            if as_json:
                tell_json({"path": found.place, "error": str(error)})
            else:
                complain(f"{found.place}: {error}")
        else:
            study = examined.radiograph.study
            if study:
                studies.setdefault(study, []).append((found.place, examined.answer))
                documents.add(study, examined)
            number = list(studies).index(study) + 1 if study else None
            _tell_answer(found.place, examined, number, as_json=as_json)
    for number, views in enumerate(studies.values(), 1):
        if len(views) > 1:
            _tell_study(number, views, cascade.sha256, as_json=as_json)
    try:
        documents.write()
    except FractureWidgetsError as error:
        failures += 1
        complain(error)
    tell_skipped(left_out, each=skipped)
    return 1 if failures else 0


def _sources(paths: Sequence[str]) -> Iterator[RadiographLike | Found]:
    """Give the paths; in the place of ``-``, what standard input holds."""
    from fracture_widgets.imaging.archives import looks_like_archive
    from fracture_widgets.imaging.decoding import MAX_BYTES
    from fracture_widgets.imaging.radiograph import as_radiograph
    from fracture_widgets.imaging.studies import Found, radiographs_in_archive

    for path in paths:
        if path != "-":
            yield path
            continue
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        if looks_like_archive(content):
            yield from radiographs_in_archive(content, _STDIN)
            continue
        try:
            yield Found(_STDIN, replace(as_radiograph(content), name=_STDIN))
        except FractureWidgetsError as error:
            yield Found(_STDIN, None, str(error))


def _tell_answer(place: str, report: Report, study: int | None, *, as_json: bool) -> None:
    from fracture_widgets.models.record import rounded
    from fracture_widgets.models.verdict_words import verdict_heading

    if not as_json:
        said = "refused" if report.refused else verdict_heading(report.answer)[1]
        tell(_in_words(place, report, study), marked=said, style=_STYLES[report.verdict],
             start=len(place))  # fmt: skip
        return
    answer = report.answer.to_dict()
    del answer["body_part_probabilities"]
    line = {"path": place} | rounded(answer) | {"model": report.model}
    line["warnings"] = list(report.warnings)
    tell_json(line if study is None else line | {"study": study})


def _in_words(place: str, report: Report, study: int | None) -> str:
    from fracture_widgets.base.language import percent
    from fracture_widgets.models.verdict_words import (
        annotations_of,
        not_examined,
        override_mark,
        verdict_heading,
    )

    answer = report.answer
    belongs = "" if study is None else f", study {study}"
    if answer.refused:
        answered = f"{verdict_heading(answer)[1]}{belongs}. {answer.refusal}"
    else:
        answered = (
            f"{answer.body_part} ({percent(answer.body_part_probability)}), "
            f"{verdict_heading(answer)[1]} (fracture {percent(answer.calibrated_probability)}"
            f"{_other_point(answer)}){belongs}"
            + (f". {override_mark(answer)}" if answer.overridden else "")
        )
    lines = [f"{place}: {answered}"]
    joints = [each.sentence for each in annotations_of(answer) if each.is_joint]
    if len(joints) > 1:
        lines += [f"  {line}" for line in [*joints, not_examined(len(joints))]]
    lines += [f"  Warning: {text}" for text in report.warnings]
    return "\n".join(lines)


def _other_point(answer: Answer) -> str:
    """Name the operating point of a verdict where it is not the usual one."""
    from fracture_widgets.models.trust import SENSITIVE

    point = answer.band.point
    return f", {point} operating point" if point not in ("", SENSITIVE) else ""


def _tell_study(
    number: int, views: Sequence[tuple[str, Answer]], model: str, *, as_json: bool
) -> None:
    from fracture_widgets.models.record import rounded
    from fracture_widgets.models.study import StudyAnswer

    study = StudyAnswer.of([answer for _, answer in views])
    if as_json:
        line = {"study": number, **rounded(study.to_dict())}
        tell_json(line | {"highest": views[study.highest][0], "model": model})
    else:
        said = str(study.verdict)
        tell(_study_in_words(number, views, study), marked=said, style=_STYLES[study.verdict])


def _study_in_words(number: int, views: Sequence[tuple[str, Answer]], study: StudyAnswer) -> str:
    from fracture_widgets.base.language import percent
    from fracture_widgets.models.verdict_words import verdict_words

    if study.calibrated_probability is None:
        return f"Study {number}: not answered, as none of its {study.views} views is"
    place, highest = views[study.highest]
    said = verdict_words(study.verdict, views[study.gravest][1].calibrated_probability)
    left_out = f", {study.refused} not answered" if study.refused else ""
    return (
        f"Study {number}: {said}, the gravest of {study.views} views{left_out} "
        f"(fracture {percent(study.calibrated_probability)} in the mean, highest "
        f"{percent(highest.calibrated_probability)} in {place})"
    )


def _write_heatmap(report: Report, folder: Path) -> None:
    from fracture_widgets.base.files import portable_stem
    from fracture_widgets.figures.overlay import grey_picture, maps_of, overlay

    # Two folders may hold files of one name; the content tells them apart.
    stem = portable_stem(report.radiograph.name, "radiograph")
    target = folder / f"{stem}-{report.radiograph.sha256[:8]}-heatmap.png"
    with writing(f"The heatmap of {report.radiograph.name} could not be written"):
        picture = grey_picture(report.radiograph).convert("RGB")
        for first in maps_of(report)[:1]:
            picture = overlay(picture, first.values)
        picture.save(target)


def _write_reports(report: Report, folder: Path, formats: str, path: Path, *, keep: bool) -> None:
    """Write a report in every format, and say afterwards which was the first that failed."""
    from fracture_widgets.records.formats import ReportFormat, save_report

    made_at = datetime.now(UTC)
    problems = []
    for kind in map(ReportFormat, formats.split(",")):
        try:
            identity = _identity(report, path) if keep and kind is ReportFormat.DICOM else None
            save_report(report, folder, kind, made_at=made_at, identity=identity)
        except FractureWidgetsError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _identity(report: Report, path: Path) -> Identity | None:
    """Read whose study the file is of, if it is still the file that was examined."""
    from fracture_widgets.records.dicom_identity import read_identity

    if report.radiograph.source_format != "DICOM":
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableRadiograph(
            f"{path.name} cannot be read again ({error.strerror}): predict it again."
        ) from error
    if hashlib.sha256(data).hexdigest() != report.radiograph.sha256:
        raise UnreadableRadiograph(f"{path.name} changed while it was examined: predict it again.")
    return read_identity(data, path.name)

"""``fracture-widgets predict``: answers for files, folders, ZIP archives, and studies."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.cli.reports import ReportWriter, add_report_options
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.parts import in_words

if TYPE_CHECKING:
    from fracture_widgets.models.report import Answer, Report
    from fracture_widgets.models.study import StudyAnswer

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``predict`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help="name the body part and say fracture, doubt or none seen",
        description=f"Answer radiographs of {in_words()}, and studies of several views: "
        "a study's verdict is the gravest of its views', its probability their mean. A file that "
        "cannot be read does not stop the rest; the exit code is then 1.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="radiographs, or folders or ZIP archives of them"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--heatmap", metavar="DIR", help="write each radiograph with its heatmap into this folder"
    )
    parser.add_argument(
        "--override-gate",
        action="store_true",
        help="for teaching: answer also what would be refused, marked as such",
    )
    add_report_options(parser)
    parser.add_argument("--models", metavar="DIR", help="another models folder")
    parser.add_argument(
        "--engine", default="onnx", choices=("onnx", "keras"), help="what runs the network"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.imaging.studies import find_radiographs
    from fracture_widgets.models.cascade import Cascade

    cascade = Cascade.load(arguments.models, engine=arguments.engine)
    heatmaps = _heatmap_folder(arguments.heatmap)
    reports = ReportWriter.from_arguments(arguments)
    failures = 0
    studies = _Studies()
    for found in find_radiographs(arguments.paths):
        try:
            if found.radiograph is None:
                raise UnreadableRadiograph(found.problem)
            report = cascade.examine(found.radiograph)
            if arguments.override_gate:
                report = report.override()
            if heatmaps is not None:
                _write_heatmap(report, heatmaps)
            if reports is not None:
                reports.write(report, Path(found.place))
        except FractureWidgetsError as error:
            failures += 1
            _say_error(found.place, error, as_json=arguments.json)
        else:
            number = studies.note(found.place, report)
            said = _as_json if arguments.json else _in_words
            print(said(found.place, report, number), flush=True)
    for line in studies.lines(as_json=arguments.json):
        print(line, flush=True)
    return 1 if failures else 0


class _Studies:
    """Keeps what the views of each study got, and none of their pixels."""

    def __init__(self) -> None:
        self._views: dict[str, list[tuple[str, Answer]]] = {}
        self._model = ""

    def note(self, place: str, report: Report) -> int | None:
        """Add a view; return its study's number, where the study is known."""
        study = report.radiograph.study
        if not study:
            return None
        self._model = report.model
        self._views.setdefault(study, []).append((place, report.answer))
        return list(self._views).index(study) + 1

    def lines(self, *, as_json: bool) -> Iterator[str]:
        """Yield a line for each study of several views."""
        from fracture_widgets.models.study import StudyAnswer

        for number, views in enumerate(self._views.values(), 1):
            if len(views) > 1:
                answer = StudyAnswer.of([said for _, said in views])
                said = self._as_json if as_json else _study_in_words
                yield said(number, answer, views)

    def _as_json(
        self, number: int, answer: StudyAnswer, views: Sequence[tuple[str, Answer]]
    ) -> str:
        from fracture_widgets.models.record import RECORD_SCHEMA, rounded

        return json.dumps(
            {
                "study": number,
                "schema": RECORD_SCHEMA,
                **rounded(answer.to_dict()),
                "highest": views[answer.highest][0],
                "model": self._model,
            }
        )


def _study_in_words(number: int, answer: StudyAnswer, views: Sequence[tuple[str, Answer]]) -> str:
    from fracture_widgets.base.words import percent

    place, highest = views[answer.highest]
    if answer.calibrated_probability is None:
        return f"Study {number}: no verdict, its {answer.views} views are refused"
    left_out = f", {answer.refused} refused" if answer.refused else ""
    return (
        f"Study {number}: {answer.verdict}, the gravest of {answer.views} views{left_out} "
        f"(fracture {percent(answer.calibrated_probability)} in the mean, highest "
        f"{percent(highest.calibrated_probability)} in {place})"
    )


def _heatmap_folder(name: str | None) -> Path | None:
    if name is None:
        return None
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FractureWidgetsError(
            f"The folder for heatmaps cannot be made ({error.strerror}): choose another."
        ) from error
    return folder


def _write_heatmap(report: Report, folder: Path) -> None:
    from fracture_widgets.figures.overlay import overlay

    # Two folders may hold files of one name; the content tells them apart.
    stem = Path(report.radiograph.name).stem
    target = folder / f"{stem}-{report.radiograph.sha256[:8]}-heatmap.png"
    try:
        overlay(report.radiograph, report.heatmap).save(target)
    except OSError as error:
        raise FractureWidgetsError(
            f"The heatmap of {report.radiograph.name} could not be written ({error.strerror}): "
            "make room, or choose another folder."
        ) from error


def _as_json(place: str, report: Report, study: int | None) -> str:
    from fracture_widgets.models.record import RECORD_SCHEMA, rounded

    answer = report.answer.to_dict()
    del answer["body_part_probabilities"]
    line = {"path": place, "schema": RECORD_SCHEMA} | rounded(answer) | {"model": report.model}
    return json.dumps(line if study is None else line | {"study": study})


def _in_words(place: str, report: Report, study: int | None) -> str:
    from fracture_widgets.base.words import percent
    from fracture_widgets.models.verdict_words import override_mark

    answer = report.answer
    belongs = "" if study is None else f", study {study}"
    if answer.refused:
        return f"{place}: refused{belongs}. {answer.refusal}"
    return (
        f"{place}: {answer.body_part} ({percent(answer.body_part_probability)}), "
        f"{answer.verdict} (fracture {percent(answer.calibrated_probability)}){belongs}"
        + (f". {override_mark(answer)}" if answer.overridden else "")
    )


def _say_error(place: str, error: FractureWidgetsError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"path": place, "error": str(error)}), flush=True)
    else:
        print(f"{place}: {error}", file=sys.stderr, flush=True)

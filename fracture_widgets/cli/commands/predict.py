"""``fracture-widgets predict``: answers for files, folders, ZIP archives, and studies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fracture_widgets.cli.narrator import say
from fracture_widgets.cli.options import Engine, Models, folder_for, new_app, path_option
from fracture_widgets.cli.reports import Formats, KeepIdentity, ReportFolder, ReportWriter
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.parts import in_words

if TYPE_CHECKING:
    from fracture_widgets.models.report import Answer, Report, StudyAnswer

app = new_app()


@app.command(
    short_help="name the body part and say fracture, doubt or none seen",
    help=f"Answer radiographs of {in_words()}, and studies of several views: a study's verdict is "
    "the gravest of its views', its probability their mean. A file that cannot be read does not "
    "stop the rest; the exit code is then 1.",
)
def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="radiographs, or folders or ZIP archives of them", parser=str
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a line")] = False,
    heatmap: Annotated[
        Path | None,
        path_option("DIR", "write each radiograph with its heatmap into this folder"),
    ] = None,
    override_gate: Annotated[
        bool,
        typer.Option(
            "--override-gate",
            help="for teaching: answer also what would be refused, marked as such",
        ),
    ] = False,
    report: ReportFolder = None,
    formats: Formats = "pdf",
    keep_identity: KeepIdentity = False,
    models: Models = None,
    engine: Engine = "onnx",
) -> int:
    """Answer radiographs."""
    from fracture_widgets.imaging.studies import find_radiographs
    from fracture_widgets.models.cascade import Cascade

    cascade = Cascade.load(models, engine=engine)
    heatmaps = None if heatmap is None else folder_for("heatmaps", heatmap)
    reports = ReportWriter.asked_for(report, formats, keep_identity=keep_identity)
    failures = 0
    studies = _Studies()
    for found in find_radiographs(paths):
        try:
            if found.radiograph is None:
                raise UnreadableRadiograph(found.problem)
            examined = cascade.examine(found.radiograph)
            if override_gate:
                examined = examined.override()
            if heatmaps is not None:
                _write_heatmap(examined, heatmaps)
            if reports is not None:
                reports.write(examined, Path(found.place))
        except FractureWidgetsError as error:
            failures += 1
            if as_json:
                print(json.dumps({"path": found.place, "error": str(error)}), flush=True)
            else:
                say(f"{found.place}: {error}")
        else:
            number = studies.note(found.place, examined)
            line = _as_json if as_json else _in_words
            print(line(found.place, examined, number), flush=True)
    for line_of_study in studies.lines(as_json=as_json):
        print(line_of_study, flush=True)
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
        from fracture_widgets.models.report import StudyAnswer

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

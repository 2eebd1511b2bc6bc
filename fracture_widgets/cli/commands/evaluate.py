"""``fracture-widgets evaluate``: how often the cascade is right on radiographs that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fracture_widgets.cli.narrator import Narrator, say, tell_json
from fracture_widgets.cli.options import (
    App,
    Engine,
    Json,
    OperatingPoint,
    dataset_table,
    folder_for,
    writing,
)

if TYPE_CHECKING:
    from fracture_widgets.evaluation.evaluate import Evaluation

app = App()


@app.command(short_help="say how often the cascade is right on a folder of radiographs")
def evaluate(
    dataset: Path,
    *,
    split: str | None = None,
    limit: Annotated[int | None, {"min": 1}] = None,
    by: Literal["patient_id", "study_id"] = "patient_id",
    shifts: bool = False,
    shifts_kinds: str | None = None,
    shifts_strengths: str | None = None,
    as_json: Json = False,
    predictions: Path | None = None,
    figures: Path | None = None,
    report: Path | None = None,
    models: Path | None = None,
    engine: Engine = "auto",
    operating_point: OperatingPoint = "sensitive",
) -> int:
    """Answer every radiograph of a dataset and compare.

    Accuracy of both questions, confusion matrices, and figures by part beside the always-normal
    baseline, on the radiographs that the model did not learn from. A file that cannot be read does
    not stop the rest; the exit code is then 1.

    Parameters
    ----------
    split
        only this split's folder, e.g. test
    limit : N
        take so many radiographs, the same ones every time
    by
        what the intervals draw whole
    shifts
        answer them as other archives would have them, too: every kind of change at five strengths
    shifts_kinds : A,B
        only these kinds of change
    shifts_strengths : 1,3,5
        only these strengths
    predictions : FILE
        write every answer to this CSV file
    figures : DIR
        draw the confusion matrices and the ROC curves into this folder
    report : DIR
        write a page with all of it and the worst misses into this folder, and its numbers
    """
    from fracture_widgets.base.tables import write_frame
    from fracture_widgets.evaluation.archive_report import write_archive_report
    from fracture_widgets.evaluation.evaluate import evaluate_predictions
    from fracture_widgets.evaluation.shift_table import evaluate_shifts
    from fracture_widgets.models.cascade import Cascade

    kinds, strengths = _kinds(shifts_kinds), _strengths(shifts_strengths)
    table = dataset_table(dataset)
    cascade = Cascade.load(models, engine=engine, operating_point=operating_point)
    with Narrator("radiographs") as narrator:
        evaluation = evaluate_predictions(
            table,
            cascade,
            split=split,
            limit=limit,
            by=by,
            progress=narrator.stage("Examining").step,
            show=None,
        )
    changing = shifts or bool(shifts_kinds or shifts_strengths)
    if changing or report is not None:
        with Narrator("answers") as narrator:
            changed = evaluate_shifts(
                evaluation.counted,
                cascade,
                kinds=kinds if changing else (),
                strengths=strengths,
                by=by,
                monitor=narrator.stage("As other archives would have them"),
            )
        evaluation = replace(evaluation, shifts=changed)
    if as_json:
        tell_json(evaluation.to_dict(), indent=2)
    else:
        print(evaluation)
    if predictions is not None:
        with writing(f"The answers could not be written to {predictions.name}"):
            write_frame(predictions, evaluation.predictions)
    if figures is not None:
        _draw(evaluation, folder_for("figures", figures))
    if report is not None:
        folder = folder_for("the report", report)
        with writing("The report could not be written"):
            page = write_archive_report(folder, evaluation, title=dataset.resolve().name)
        say(f"The report is {page}.")
    return 1 if evaluation.unreadable else 0


def _kinds(words: str | None) -> Sequence[str]:
    from fracture_widgets.evaluation.shifts import SHIFTS

    return _listed(words, tuple(SHIFTS), "--shifts-kinds")


def _strengths(words: str | None) -> Sequence[int]:
    from fracture_widgets.evaluation.shifts import STRENGTHS

    return [int(word) for word in _listed(words, tuple(map(str, STRENGTHS)), "--shifts-strengths")]


def _listed(words: str | None, known: Sequence[str], option: str) -> Sequence[str]:
    """Return words between commas, in the order in which they are known."""
    if words is None:
        return known
    given = {word.strip().lower() for word in words.split(",")}
    if unknown := sorted(given.difference(known)):
        raise typer.BadParameter(
            f"{unknown[0]!r} is not one of {', '.join(known)}", param_hint=option
        )
    return [word for word in known if word in given]


def _draw(evaluation: Evaluation, folder: Path) -> None:
    from fracture_widgets.figures import ConfusionMatrixDisplay, RocDisplay

    ConfusionMatrixDisplay.from_scores(evaluation.body_part).save(folder / "body_part.png")
    ConfusionMatrixDisplay.from_scores(evaluation.fracture).save(folder / "fracture.png")
    curves = {"all parts": evaluation.fracture, **evaluation.by_part}
    RocDisplay.from_scores(curves, title="Fracture").save(folder / "roc.png")

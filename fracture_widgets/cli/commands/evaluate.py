"""``fracture-widgets evaluate``: how often the cascade is right on radiographs that are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import (
    Engine,
    Json,
    dataset_table,
    documented,
    folder_for,
    new_app,
    writing,
)

if TYPE_CHECKING:
    from fracture_widgets.evaluation.evaluate import Evaluation

app = new_app()


@app.command(short_help="say how often the cascade is right on a folder of radiographs")
@documented
def evaluate(
    dataset: Path,
    *,
    split: str | None = None,
    by: Literal["patient_id", "study_id"] = "patient_id",
    as_json: Json = False,
    predictions: Path | None = None,
    figures: Path | None = None,
    models: Path | None = None,
    engine: Engine = "onnx",
) -> int:
    """Answer every radiograph of a dataset and compare.

    Accuracy of both questions, confusion matrices, and figures by part beside the always-normal
    baseline. A file that cannot be read does not stop the rest; the exit code is then 1.

    Parameters
    ----------
    split
        only this split's folder, e.g. test
    by
        what the intervals draw whole
    predictions : FILE
        write every answer to this CSV file
    figures : DIR
        draw the confusion matrices and the ROC curves into this folder
    """
    from fracture_widgets.base.tables import write_frame
    from fracture_widgets.evaluation.evaluate import evaluate_predictions
    from fracture_widgets.models.cascade import Cascade

    table = dataset_table(dataset)
    cascade = Cascade.load(models, engine=engine)
    with Narrator("radiographs") as narrator:
        evaluation = evaluate_predictions(
            table, cascade, split=split, by=by, progress=narrator.stage("Examining"), show=None
        )
    print(json.dumps(evaluation.to_dict(), indent=2) if as_json else evaluation)
    if predictions is not None:
        with writing(f"The answers could not be written to {predictions.name}"):
            write_frame(predictions, evaluation.predictions)
    if figures is not None:
        _draw(evaluation, folder_for("figures", figures))
    return 1 if evaluation.unreadable else 0


def _draw(evaluation: Evaluation, folder: Path) -> None:
    from fracture_widgets.figures import ConfusionMatrixDisplay, RocDisplay

    ConfusionMatrixDisplay.from_scores(evaluation.body_part).save(folder / "body_part.png")
    ConfusionMatrixDisplay.from_scores(evaluation.fracture).save(folder / "fracture.png")
    curves = {"all parts": evaluation.fracture, **evaluation.by_part}
    RocDisplay.from_scores(curves, title="Fracture").save(folder / "roc.png")

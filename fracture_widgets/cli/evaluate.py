"""``fracture-widgets evaluate``: how often the cascade is right on radiographs that are known."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import FractureWidgetsError

if TYPE_CHECKING:
    from fracture_widgets.evaluation.evaluate import Evaluation

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``evaluate`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="say how often the cascade is right on a folder of radiographs",
        description="Answer every radiograph of a dataset and compare: accuracy of both "
        "questions, confusion matrices, and figures by part beside the always-normal baseline. "
        "A file that cannot be read does not stop the rest; the exit code is then 1.",
    )
    parser.add_argument("dataset", metavar="DATASET", type=Path, help="folder of radiographs")
    parser.add_argument("--split", metavar="NAME", help="only this split's folder, e.g. test")
    parser.add_argument(
        "--by",
        default="patient_id",
        choices=("patient_id", "study_id"),
        help="what the intervals draw whole (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--predictions", metavar="FILE", type=Path, help="write every answer to this CSV file"
    )
    parser.add_argument(
        "--figures",
        metavar="DIR",
        type=Path,
        help="draw the confusion matrices and the ROC curves into this folder",
    )
    parser.add_argument("--models", metavar="DIR", help="another models folder")
    parser.add_argument(
        "--engine", default="onnx", choices=("onnx", "keras"), help="what runs the network"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.evaluation.evaluate import evaluate_predictions
    from fracture_widgets.models.cascade import Cascade

    table = load_dataset(arguments.dataset)
    for sentence in (str(table.attrs["skipped"]), *table.attrs["warnings"]):
        print(sentence, file=sys.stderr)
    cascade = Cascade.load(arguments.models, engine=arguments.engine)
    with tqdm(
        desc="Examining", unit=" radiographs", file=sys.stderr, leave=False, disable=None
    ) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        evaluation = evaluate_predictions(
            table, cascade, split=arguments.split, by=arguments.by, progress=progress, show=None
        )
    print(json.dumps(evaluation.to_dict(), indent=2) if arguments.json else evaluation)
    if arguments.predictions is not None:
        _write_predictions(evaluation, arguments.predictions)
    if arguments.figures is not None:
        _draw(evaluation, arguments.figures)
    return 1 if evaluation.unreadable else 0


def _write_predictions(evaluation: Evaluation, path: Path) -> None:
    from fracture_widgets.base.tables import write_frame

    try:
        write_frame(path, evaluation.predictions)
    except OSError as error:
        raise FractureWidgetsError(
            f"The answers could not be written to {path.name} ({error.strerror or error}): make "
            "room, or choose another folder."
        ) from error


def _draw(evaluation: Evaluation, folder: Path) -> None:
    from fracture_widgets.figures import ConfusionMatrixDisplay, RocDisplay

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FractureWidgetsError(
            f"The folder for figures cannot be made ({error.strerror}): choose another."
        ) from error
    ConfusionMatrixDisplay.from_scores(evaluation.body_part).save(folder / "body_part.png")
    ConfusionMatrixDisplay.from_scores(evaluation.fracture).save(folder / "fracture.png")
    curves = {"all parts": evaluation.fracture, **evaluation.by_part}
    RocDisplay.from_scores(curves, title="Fracture").save(folder / "roc.png")

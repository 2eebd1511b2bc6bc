"""``fracture-widgets train trust``: calibration and operating points, from answers out of fold."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``trust`` with the subparsers of ``train``."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "trust",
        help="fit calibration and the two operating points of a cascade",
        description="Fit calibration and the two operating points of every body part on answers "
        "out of fold, measure them fold by fold, print the table, and put them on the model's "
        "card. It takes seconds and needs no radiographs.",
    )
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="models folder; the shipped one by default"
    )
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="CSV",
        help="answers out of fold; by default out_of_fold.csv in the models folder",
    )
    parser.add_argument(
        "--fracatlas",
        metavar="FRACATLAS",
        help="FracAtlas folder or zip: take each radiograph's view from it, and whether it shows "
        "metal, and keep both with the answers",
    )
    parser.add_argument(
        "--figures", type=Path, metavar="DIR", help="draw a reliability diagram of each part here"
    )
    parser.add_argument("--note", default="", help="a sentence on the answers, for the card")
    parser.add_argument("--print-only", action="store_true", help="leave the card as it is")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.errors import TrainingError
    from fracture_widgets.evaluation.out_of_fold import read_predictions, save_predictions
    from fracture_widgets.evaluation.trust_evidence import trust_section
    from fracture_widgets.evaluation.trust_words import trust_table
    from fracture_widgets.evaluation.weak_spots import known_failures, subgroup_rows
    from fracture_widgets.models.folder import OUT_OF_FOLD_FILE, amend_card, default_models_folder
    from fracture_widgets.models.trust import TRUST_SECTION

    models = arguments.models or default_models_folder()
    kept = models / OUT_OF_FOLD_FILE
    predictions = read_predictions(arguments.predictions or kept)
    if arguments.fracatlas is not None:
        predictions = _with_kinds(predictions, arguments.fracatlas)
    try:
        section = trust_section(predictions)
    except ValueError as error:
        raise TrainingError(f"Nothing can be fitted on these answers: {error}") from error
    if arguments.note:
        section["note"] = arguments.note
    print(trust_table(section))
    if not arguments.print_only:
        if arguments.predictions is not None or arguments.fracatlas is not None:
            save_predictions(kept, predictions)
        amend_card(
            models,
            **{TRUST_SECTION: section},
            subgroups=subgroup_rows(predictions),
            failures=known_failures(predictions) if "image_id" in predictions else {},
        )
    if arguments.figures is not None:
        _draw(predictions, arguments.figures)
    return 0


def _with_kinds(predictions: pd.DataFrame, source: str) -> pd.DataFrame:
    from fracture_widgets.datasets.fracatlas import FracAtlas

    views = ["frontal", "lateral", "oblique"]
    with FracAtlas.open(source) as atlas:
        table = atlas.table.set_index("image_id").loc[predictions["image_id"]]
    named = [" and ".join(name for name in views if row[name]) for _, row in table.iterrows()]
    return predictions.assign(view=named, hardware=table["hardware"].to_numpy())


def _draw(predictions: pd.DataFrame, folder: Path) -> None:
    from fracture_widgets.evaluation.trust_evidence import calibrated_out_of_fold
    from fracture_widgets.figures import CalibrationDisplay

    folder.mkdir(parents=True, exist_ok=True)
    calibrated = calibrated_out_of_fold(predictions)
    for part, rows in predictions.groupby("body_part"):
        display = CalibrationDisplay.from_predictions(
            rows["label"],
            calibrated[rows.index],
            groups=rows["study"],
            strategy="quantile",
            title=str(part).capitalize(),
        )
        print(display.save(folder / f"reliability_{part}.png"))

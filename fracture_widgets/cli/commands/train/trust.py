"""``fracture-widgets train trust``: calibration and operating points, from answers out of fold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fracture_widgets.cli.options import Note, folder_for, new_app, path_option

if TYPE_CHECKING:
    import pandas as pd

app = new_app()


@app.command(short_help="fit calibration and the two operating points of a cascade")
def trust(
    *,
    models: Annotated[
        Path | None, path_option("DIR", "models folder; the shipped one by default")
    ] = None,
    predictions: Annotated[
        Path | None,
        path_option("CSV", "answers out of fold; by default out_of_fold.csv in the models folder"),
    ] = None,
    fracatlas: Annotated[
        Path | None,
        path_option(
            "FRACATLAS",
            "FracAtlas folder or zip: take each radiograph's view from it, and whether it shows "
            "metal, and keep both with the answers",
        ),
    ] = None,
    figures: Annotated[
        Path | None, path_option("DIR", "draw a reliability diagram of each part here")
    ] = None,
    note: Note = "",
    print_only: Annotated[
        bool, typer.Option("--print-only", help="leave the card as it is")
    ] = False,
) -> int:
    """Fit calibration and the two operating points of every body part on answers out of fold.

    They are measured fold by fold, printed as a table, and put on the model's card. It takes
    seconds and needs no radiographs.
    """
    from fracture_widgets.evaluation.trust_evidence import trust_table
    from fracture_widgets.training.recipes.trust import train_trust

    section, answers = train_trust(
        models, predictions=predictions, fracatlas=fracatlas, note=note, print_only=print_only
    )
    print(trust_table(section))
    if figures is not None:
        _draw(answers, folder_for("figures", figures))
    return 0


def _draw(predictions: pd.DataFrame, folder: Path) -> None:
    from fracture_widgets.evaluation.trust_evidence import calibrated_out_of_fold
    from fracture_widgets.figures import CalibrationDisplay

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

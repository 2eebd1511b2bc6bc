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
    from fracture_widgets.errors import TrainingError
    from fracture_widgets.evaluation.out_of_fold import read_predictions, save_predictions
    from fracture_widgets.evaluation.trust_evidence import trust_section
    from fracture_widgets.evaluation.trust_words import trust_table
    from fracture_widgets.evaluation.weak_spots import known_failures, subgroup_rows
    from fracture_widgets.models.folder import OUT_OF_FOLD_FILE, amend_card, default_models_folder
    from fracture_widgets.models.trust import TRUST_SECTION

    home = models or default_models_folder()
    kept = home / OUT_OF_FOLD_FILE
    answers = read_predictions(predictions or kept)
    if fracatlas is not None:
        answers = _with_kinds(answers, fracatlas)
    try:
        section = trust_section(answers)
    except ValueError as error:
        raise TrainingError(f"Nothing can be fitted on these answers: {error}") from error
    if note:
        section["note"] = note
    print(trust_table(section))
    if not print_only:
        if predictions is not None or fracatlas is not None:
            save_predictions(kept, answers)
        amend_card(
            home,
            **{TRUST_SECTION: section},
            subgroups=subgroup_rows(answers),
            failures=known_failures(answers) if "image_id" in answers else {},
        )
    if figures is not None:
        _draw(answers, folder_for("figures", figures))
    return 0


def _with_kinds(predictions: pd.DataFrame, source: Path) -> pd.DataFrame:
    from fracture_widgets.datasets.fracatlas import FracAtlas

    views = ["frontal", "lateral", "oblique"]
    with FracAtlas.open(source) as atlas:
        table = atlas.table.set_index("image_id").loc[predictions["image_id"]]
    named = [" and ".join(name for name in views if row[name]) for _, row in table.iterrows()]
    return predictions.assign(view=named, hardware=table["hardware"].to_numpy())


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

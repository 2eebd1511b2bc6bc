"""Fit calibration and the two operating points of a cascade on its answers out of fold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.scores import known_failures, subgroup_rows
from fracture_widgets.evaluation.trust_evidence import (
    read_predictions,
    save_predictions,
    trust_section,
)
from fracture_widgets.models.folder import OUT_OF_FOLD_FILE, amend_card, default_models_folder
from fracture_widgets.models.trust import TRUST_SECTION

_VIEWS = ("frontal", "lateral", "oblique")


def train_trust(
    models: Path | None = None,
    *,
    predictions: Path | None = None,
    fracatlas: str | os.PathLike[str] | None = None,
    note: str = "",
    print_only: bool = False,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Put what was fitted on the card of a models folder, and return it with the answers."""
    models = models or default_models_folder()
    kept = models / OUT_OF_FOLD_FILE
    answers = read_predictions(predictions or kept)
    if fracatlas is not None:
        answers = _with_views(answers, fracatlas)
    try:
        section = trust_section(answers)
    except ValueError as error:
        raise TrainingError(f"Nothing can be fitted on these answers: {error}") from error
    if note:
        section["note"] = note
    if not print_only:
        if predictions is not None or fracatlas is not None:
            save_predictions(kept, answers)
        amend_card(
            models,
            **{TRUST_SECTION: section},
            subgroups=subgroup_rows(answers),
            failures=known_failures(answers) if "image_id" in answers else {},
        )
    return section, answers


def _with_views(answers: pd.DataFrame, source: str | os.PathLike[str]) -> pd.DataFrame:
    with FracAtlas.open(source) as atlas:
        table = atlas.table.set_index("image_id").loc[answers["image_id"]]
    named = [" and ".join(view for view in _VIEWS if row[view]) for _, row in table.iterrows()]
    return answers.assign(view=named, hardware=table["hardware"].to_numpy())

"""What a comparison gives back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.tables import frame_csv_text
from fracture_widgets.figures.forest import ComparisonDisplay
from fracture_widgets.training.compare.folds import ResultsNotSaved
from fracture_widgets.training.compare.markdown import to_markdown
from fracture_widgets.training.compare.tables import ALL_PARTS, METRICS

__all__ = ["Comparison"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Many models, asked the same of the same radiographs.

    Attributes
    ----------
    question
        ``"fracture"`` or a body part.
    table
        One row for each model, part and metric: ``model``, ``part``, ``metric``, ``value``,
        ``low``, ``high``, ``n``, ``fractured``, ``groups``.
    tests
        Each model against the reference: see
        :func:`~fracture_widgets.training.compare.tables.paired_test_table`.
    models
        What each model is and took, indexed by its name: ``title``, ``started_from``,
        ``learning``, ``augmented``, ``parameters``, ``trained_parameters``, ``epochs`` and
        ``best_epochs`` of every fold, ``folds_out_of_time``, ``training_seconds`` of all folds
        together, ``feature_seconds``, ``inference_ms``.
    predictions
        One row for each model and radiograph.
    plan
        How they were trained, ready for JSON.
    skipped
        Base name and reason of each file that could not be read.
    failed
        By name, why a model could not be run.
    interrupted
        Whether it was stopped; the models that were not finished are left out.
    """

    question: str
    table: pd.DataFrame
    tests: pd.DataFrame
    models: pd.DataFrame
    predictions: pd.DataFrame
    plan: Mapping[str, Any]
    skipped: tuple[tuple[str, str], ...]
    failed: Mapping[str, str]
    interrupted: bool

    def __repr__(self) -> str:
        return f"Comparison({self.question!r}, {', '.join(self.models.index)})"

    def __str__(self) -> str:
        lines = [self.wide().to_string()]
        lines += [f"Left out: {name}. {why}" for name, why in self.failed.items()]
        if self.skipped:
            files = "file was" if len(self.skipped) == 1 else "files were"
            lines.append(f"{len(self.skipped):,} {files} skipped, being unreadable.")
        if self.interrupted:
            lines.append("Stopped before its end; models that were not finished are left out.")
        return "\n".join(lines)

    def wide(self, part: str = ALL_PARTS, *, intervals: bool = False) -> pd.DataFrame:
        """Return the metrics with a row for each model and a column for each metric.

        Parameters
        ----------
        part
            ``"all"`` or a body part.
        intervals
            Whether the cells are words with the interval; numbers, rounded to three places,
            otherwise.
        """
        here = self.table[self.table["part"] == part]
        numbers = here[["value", "low", "high"]].to_numpy(dtype=float).tolist()
        cells = [_words(*three) for three in numbers]
        values = here.assign(cell=cells if intervals else here["value"].round(3))
        wide = values.pivot(index="model", columns="metric", values="cell")
        columns = [metric for metric in METRICS if metric in wide]
        wide = wide.reindex(index=self.models.index, columns=columns).rename_axis(columns=None)
        return wide.fillna("–") if intervals else wide

    def display(self, part: str = ALL_PARTS) -> ComparisonDisplay:
        """Return the metrics as a figure.

        Parameters
        ----------
        part
            ``"all"`` or a body part.
        """
        titles = {str(model): str(title) for model, title in self.models["title"].items()}
        return ComparisonDisplay(self.table[self.table["part"] == part], titles=titles)

    def to_markdown(self) -> str:
        """Return the tables in Markdown, the paper's numbers beside."""
        return to_markdown(self)

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables and the figures.

        They are ``comparison.csv``, ``predictions.csv``, ``tests.csv``, ``models.csv``,
        ``comparison.md`` and the figures ``comparison.png`` and, of each body part,
        ``comparison_elbow.png`` and so on, if there are several. In ``predictions.csv`` there is
        one row for each radiograph and one column for each model, its probability of a fracture.

        Parameters
        ----------
        folder
            Made if it is not there; older files are replaced.

        Returns
        -------
        dict
            What was written, by file name.

        Raises
        ------
        ResultsNotSaved
            If a file cannot be written.
        """
        home = Path(folder)
        texts = {
            "comparison.csv": frame_csv_text(self.table.round(6)),
            "tests.csv": frame_csv_text(self.tests.round(6)),
            "models.csv": frame_csv_text(self.models.round(3).reset_index()),
            "predictions.csv": frame_csv_text(self._probabilities()),
            "comparison.md": self.to_markdown(),
        }
        written: dict[str, Path] = {}
        try:
            for name, text in texts.items():
                written[name] = write_whole(home / name, text.encode())
        except OSError as error:
            raise ResultsNotSaved(
                f"The tables could not be saved in {home.name} ({error.strerror}): make room and "
                "start again; finished folds are kept."
            ) from error
        parts = list(self.table["part"].unique())
        # Of one body part alone, its own figure would be the same once more.
        for part in parts if len(parts) > 2 else parts[:1]:
            name = "comparison.png" if part == ALL_PARTS else f"comparison_{part}.png"
            written[name] = self.display(part).save(home / name)
        return written

    def _probabilities(self) -> pd.DataFrame:
        """Return one row for each radiograph, named by its study and file alone."""
        answers = self.predictions
        study = answers["study_id"] if "study_id" in answers else answers["patient_id"]
        named = answers.assign(
            radiograph=[
                f"{one}/{Path(path).name}"
                for one, path in zip(study, answers["image_path"], strict=True)
            ],
            row=answers.groupby("model").cumcount(),
            probability=answers["probability"].round(4),
        )
        wide = named.pivot(index="row", columns="model", values="probability")
        first = named[named["model"] == self.models.index[0]].set_index("row")
        known = first[["radiograph", "body_part", "label", "fold"]]
        columns: pd.DataFrame = wide[list(self.models.index)]
        whole: pd.DataFrame = known.join(columns)
        return whole


def _words(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.3f} ({low:.3f} to {high:.3f})" if np.isfinite(low) else f"{value:.3f}"

"""What a comparison of detectors gives back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.evaluation.detection import PUBLISHED_SOURCE, scores_in_markdown
from fracture_widgets.training.runs import save_results

_INTERVALS = "In brackets: 95 percent intervals from draws of whole studies."


@dataclass(frozen=True)
class DetectorFacts:
    """What a detector is and took; one that was trained elsewhere was taught no weights here."""

    title: str  # in tables
    parameters: int
    trained_parameters: int
    epochs: int
    best_epoch: int  # whose weights were kept
    training_seconds: float  # of its epochs; NaN where it was trained elsewhere
    seconds: float  # median, from the pixels of one radiograph to its boxes
    engine: str
    note: str = ""  # what else is to be known of its figures


@dataclass(frozen=True, eq=False)
class DetectorComparison:
    """Detectors judged on the test part of the official split."""

    table: pd.DataFrame  # a row for each model, limb and metric, with its interval
    facts: Mapping[str, DetectorFacts]  # by name of a model
    found: pd.DataFrame  # a row for each box: model, image_id, score, its edges in fractions
    split: tuple[str, ...]  # what of the split is at hand, in sentences
    failed: Mapping[str, str]  # by name of a model, why it is left out

    def __str__(self) -> str:
        return "\n\n".join(
            [
                *self.split,
                *(self._scores(str(limb)) for limb in self.table["limb"].unique()),
                f"{_INTERVALS} {PUBLISHED_SOURCE}",
                self._costs(),
                *(f"{facts.title}: {facts.note}" for facts in self.facts.values() if facts.note),
                *(f"Left out: {name}. {why}" for name, why in self.failed.items()),
            ]
        )

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write ``detectors.csv``, ``models.csv``, ``found.csv`` and ``detectors.md``."""
        costs = pd.DataFrame([{"model": name, **asdict(each)} for name, each in self.facts.items()])
        tables = {
            "detectors.csv": self.table.round(6),
            "models.csv": costs.round(4),
            "found.csv": self.found.round(5),
        }
        pages = {"detectors.md": f"# Detectors of fractures\n\n{self}\n"}
        return save_results(folder, tables, pages, kept="trained detectors")

    def _scores(self, limb: str) -> str:
        here = self.table[self.table["limb"] == limb].iloc[0]
        titles = {name: facts.title for name, facts in self.facts.items()}
        counts = f"{here['n']} radiographs, {here['groups']} studies, {here['fractures']} fractures"
        return f"{limb.capitalize()}: {counts}\n\n{scores_in_markdown(self.table, titles, limb)}"

    def _costs(self) -> str:
        head = ["model", "parameters", "taught", "epochs (best)", "training, h", "a radiograph, s"]
        rows = [
            [
                facts.title,
                f"{facts.parameters:,}",
                f"{facts.trained_parameters:,}" if facts.epochs else "–",
                f"{facts.epochs} ({facts.best_epoch})" if facts.epochs else "–",
                f"{facts.training_seconds / 3600:.2f}" if facts.epochs else "–",
                f"{facts.seconds:.3f} ({facts.engine})",
            ]
            for facts in self.facts.values()
        ]
        return markdown_table(head, rows)

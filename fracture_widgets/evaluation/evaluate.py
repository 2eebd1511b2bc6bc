"""Put the cascade to the test on radiographs whose answers are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.datasets.table import labelled_table
from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.evaluation.scores import Scores, by_part, score_body_part, score_fracture
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.parts import parts_among

if TYPE_CHECKING:
    from fracture_widgets.evaluation.shift_table import ShiftResults
    from fracture_widgets.models.cascade import Cascade

_REASONS = 5


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the cascade answered, and how often it was right, over all parts and for each.

    ``predictions`` has one row for each radiograph read: the columns of the dataset, and
    ``predicted_body_part``, ``body_part_probability``, ``predicted_label``,
    ``fracture_probability``. ``unreadable`` has base name and reason of each file that could not
    be read; they count nowhere. ``model`` is the sha256 of the model. ``shifts`` says what becomes
    of the answers in other archives, where that was asked.
    """

    body_part: Scores
    fracture: Scores
    by_part: Mapping[str, Scores]
    predictions: pd.DataFrame
    unreadable: tuple[tuple[str, str], ...]
    model: str
    shifts: ShiftResults | None = None

    def __repr__(self) -> str:
        return f"Evaluation({self.body_part!r}, {self.fracture!r})"

    def __str__(self) -> str:
        parts = [str(self.body_part), str(self.fracture), self._parts_table()]
        if count := len(self.unreadable):
            files = (
                "file could not be read and was"
                if count == 1
                else "files could not be read and were"
            )
            lines = [f"{count:,} {files} left out:"]
            lines += [f"  {reason}" for _, reason in self.unreadable[:_REASONS]]
            if count > _REASONS:
                lines.append(f"  and {count - _REASONS:,} more")
            parts.append("\n".join(lines))
        if self.shifts is not None:
            parts.append(f"As other archives would have them\n{self.shifts}")
        parts.append("In brackets: 95 percent intervals, whole patients drawn with replacement.")
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        return {
            "model": self.model,
            "body_part": self.body_part.to_dict(),
            "fracture": self.fracture.to_dict(),
            "by_part": {part: scores.to_dict() for part, scores in self.by_part.items()},
            "unreadable": [{"name": name, "error": reason} for name, reason in self.unreadable],
        } | ({} if self.shifts is None else {"shifts": self.shifts.to_dict()})

    def _parts_table(self) -> str:
        rows: list[tuple[str, ...]] = [
            ("By part", "n", "fractured", "AUROC", "accuracy", "always normal")
        ]
        for part, scores in self.by_part.items():
            counts = (f"{scores.n:,}", f"{int(scores.true.sum()):,}")
            measured = (str(scores.estimates[name]) for name in ("auroc", "accuracy"))
            rows.append((part, *counts, *measured, f"{scores.baseline:.3f}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ([c.ljust(width) for c, width in zip(row, widths, strict=True)] for row in rows)
        return "\n".join("  ".join(cells).rstrip() for cells in lines)


def evaluate_predictions(
    test_dataset: pd.DataFrame | str | os.PathLike[str],
    cascade: Cascade | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    by: str = "patient_id",
    resamples: int = 2000,
    progress: Callable[[int, int], object] | None = None,
    show: Callable[[str], object] | None = print,
) -> Evaluation:
    """Answer every radiograph of a dataset and compare; return the numbers and print them.

    Parameters
    ----------
    test_dataset
        A table from :func:`~fracture_widgets.datasets.table.load_dataset`, or a folder that it
        reads. The network should have seen none of its patients.
    cascade
        What answers; the shipped cascade by default.
    split
        Take only the rows of this split, e.g. ``"test"``.
    limit
        Take so many of them, by a lot that is always the same one.
    by
        The column whose values stay together in the intervals' draws: patients, or studies.
    resamples
        How many draws.
    progress
        Called with the number of radiographs done and in all.
    show
        Is given the summary; ``None`` for silence.

    Returns
    -------
    Evaluation
        Accuracy for both questions, confusion matrices, figures by part with their intervals and
        the always-normal baseline, and the files that could not be read. Printed, it is a summary.

    Notes
    -----
    It is the networks that are measured: radiographs that the gate would refuse count with what
    the networks say of them, and one half divides fractured from normal.

    Raises
    ------
    DatasetError
        If there is no radiograph to examine, or none that can be read.
    ModelError
        If the shipped model is missing or damaged.
    """
    table = _chosen(test_dataset, split, by, limit)
    if cascade is None:
        from fracture_widgets.models.cascade import shipped_cascade

        cascade = shipped_cascade()
    answers: dict[Any, dict[str, Any]] = {}
    unreadable: list[tuple[str, str]] = []
    model, answered = "", set[str]()
    for done, (row, path) in enumerate(table["image_path"].items(), start=1):
        try:
            report = cascade.examine(read_radiograph(path))
        except UnreadableRadiograph as error:
            unreadable.append((Path(path).name, str(error)))
        else:
            model = report.model
            answered.update(report.body_part_probabilities)
            answers[row] = {
                "predicted_body_part": report.body_part,
                "body_part_probability": report.body_part_probability,
                "predicted_label": report.label,
                "fracture_probability": report.fracture_probability,
            }
        if progress is not None:
            progress(done, len(table))
    if not answers:
        raise DatasetError(
            f"None of the {len(table):,} radiographs could be read; the first: {unreadable[0][1]}"
        )
    predictions = table.join(pd.DataFrame.from_dict(answers, orient="index"), how="inner")

    def fracture_scores(kind: str, rows: pd.DataFrame) -> Scores:
        return score_fracture(
            f"fracture, {kind}",
            rows["label"],
            rows["predicted_label"],
            rows["fracture_probability"],
            groups=rows[by],
            resamples=resamples,
        )

    evaluation = Evaluation(
        body_part=score_body_part(
            predictions["body_part"],
            predictions["predicted_body_part"],
            parts_among((*answered, *predictions["body_part"])),
            groups=predictions[by],
            resamples=resamples,
        ),
        fracture=fracture_scores("all parts", predictions),
        by_part={part: fracture_scores(part, rows) for part, rows in by_part(predictions)},
        predictions=predictions,
        unreadable=tuple(unreadable),
        model=model,
    )
    if show is not None:
        show(str(evaluation))
    return evaluation


def _chosen(
    dataset: pd.DataFrame | str | os.PathLike[str], split: str | None, by: str, limit: int | None
) -> pd.DataFrame:
    """Return the rows to examine, numbered from 0."""
    table = labelled_table(dataset, (by,))
    if split is not None:
        there = sorted(set(table["split"].dropna())) if "split" in table else []
        if split not in there:
            raise DatasetError(
                f"The dataset has no split {split!r}"
                + (f"; it has {', '.join(there)}." if there else ", nor any other.")
            )
        table = table[table["split"] == split]
    if not len(table):
        raise DatasetError("The table holds no radiographs: give the one load_dataset returns.")
    if limit is not None and limit < len(table):
        table = table.sample(max(limit, 1), random_state=0).sort_index()
    return table.reset_index(drop=True)

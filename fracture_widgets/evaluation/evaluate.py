"""Put the cascade to the test on radiographs whose answers are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fracture_widgets.datasets.table import labelled_table
from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.evaluation.learned import (
    LEARNED_COLUMN,
    MARK,
    NOT_SAID,
    Learned,
    counted,
)
from fracture_widgets.evaluation.scores import (
    Scores,
    by_part,
    score_body_part,
    score_fracture,
    text_table,
)
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.parts import parts_among

if TYPE_CHECKING:
    from fracture_widgets.evaluation.shift_table import ShiftResults
    from fracture_widgets.models.cascade import Cascade
    from fracture_widgets.models.learned_from import LearnedFrom

_REASONS = 5
_TRAINED = "trained in this process"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the cascade answered, and how often it was right, over all parts and for each.

    ``predictions`` has one row for each radiograph read: the columns of the dataset, and
    ``predicted_body_part``, ``body_part_probability``, ``predicted_label``,
    ``fracture_probability``, and ``learned_from`` where the model's card tells what it learned
    from. ``learned`` counts those; figures are on the others, or on all where there is no other;
    ``on_all`` has those on all where some were learned from. ``unreadable`` has base name and
    reason of each file that could not be read; they count nowhere. ``model`` is the sha256 of the
    model, or says that it was trained in this process. ``shifts`` says what becomes of the answers
    in other archives, where that was asked.
    """

    body_part: Scores
    fracture: Scores
    by_part: Mapping[str, Scores]
    predictions: pd.DataFrame
    unreadable: tuple[tuple[str, str], ...]
    model: str
    shifts: ShiftResults | None = None
    learned: Learned | None = None
    on_all: Evaluation | None = None

    @property
    def counted(self) -> pd.DataFrame:
        """The rows of ``predictions`` that the figures are on."""
        return counted(self.predictions)

    def __repr__(self) -> str:
        return f"Evaluation({self.body_part!r}, {self.fracture!r})"

    def __str__(self) -> str:
        learned = self.learned
        parts = [str(self.body_part), str(self.fracture), self._parts_table()]
        if learned is not None and learned.n:
            parts.insert(0, str(learned))
        if self.on_all is not None:
            parts.append(self.on_all._parts_table(all_parts=True))
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
        if learned is None or not learned.n:
            parts.append(NOT_SAID if learned is None else str(learned))
        parts.append("In brackets: 95 percent intervals, whole patients drawn with replacement.")
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        known = {
            "model": self.model,
            "learned_from": None if self.learned is None else self.learned.to_dict(),
            **self._figures(),
            "unreadable": [{"name": name, "error": reason} for name, reason in self.unreadable],
        }
        if self.on_all is not None:
            known["on_all"] = self.on_all._figures()
        return known | ({} if self.shifts is None else {"shifts": self.shifts.to_dict()})

    def _figures(self) -> dict[str, Any]:
        return {
            "body_part": self.body_part.to_dict(),
            "fracture": self.fracture.to_dict(),
            "by_part": {part: scores.to_dict() for part, scores in self.by_part.items()},
        }

    def _parts_table(self, *, all_parts: bool = False) -> str:
        learned = self.learned
        marked = learned is not None and learned.n > 0 and learned.all
        some = "some " if all_parts else ""
        title = f"By part, {some}{MARK}" if marked or all_parts else "By part"
        rows: list[tuple[str, ...]] = [
            (title, "n", "fractured", "AUROC", "accuracy", "always normal")
        ]
        first = {"all parts": self.fracture} if all_parts else {}
        for part, scores in {**first, **self.by_part}.items():
            counts = (f"{scores.n:,}", f"{int(scores.true.sum()):,}")
            measured = (str(scores.estimates[name]) for name in ("auroc", "accuracy"))
            rows.append((part, *counts, *measured, f"{scores.baseline:.3f}"))
        return text_table(rows)


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
        reads. Figures are on those of its radiographs that the model did not learn from, as far
        as its card says from which it did.
    cascade
        What answers; by default the shipped cascade, and in a process that trained networks
        those, as in :func:`~fracture_widgets.models.predict.predict`.
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

    Examples
    --------
    >>> from fracture_widgets import evaluate_predictions, write_phantoms
    >>> _ = write_phantoms("drawn", patients=4)
    >>> evaluation = evaluate_predictions("drawn", resamples=20, show=None)
    >>> evaluation.body_part.estimates["accuracy"].value
    1.0
    """
    table = _chosen(test_dataset, split, by, limit)
    from fracture_widgets.models.cascade import shipped_cascade
    from fracture_widgets.models.predict import TRAINED, answer_by_trained

    if cascade is None and not TRAINED:
        cascade = shipped_cascade()
    examine: Callable[[Radiograph], Report | Answer]
    examine = answer_by_trained if cascade is None else cascade.examine
    answers: dict[Any, dict[str, Any]] = {}
    unreadable: list[tuple[str, str]] = []
    model, answered = "", set[str]()
    known: LearnedFrom | None = getattr(cascade, "learned_from", None)
    for done, (row, path) in enumerate(table["image_path"].items(), start=1):
        try:
            radiograph = read_radiograph(path)
            report = examine(radiograph)
        except UnreadableRadiograph as error:
            unreadable.append((Path(path).name, str(error)))
        else:
            model = report.model if isinstance(report, Report) else _TRAINED
            answered.update(report.body_part_probabilities)
            answers[row] = {
                "predicted_body_part": report.body_part,
                "body_part_probability": report.body_part_probability,
                "predicted_label": report.label,
                "fracture_probability": report.fracture_probability,
            }
            if known is not None:
                answers[row][LEARNED_COLUMN] = known.holds(radiograph)
        if progress is not None:
            progress(done, len(table))
    if not answers:
        raise DatasetError(
            f"None of the {len(table):,} radiographs could be read; the first: {unreadable[0][1]}"
        )
    predictions = table.join(pd.DataFrame.from_dict(answers, orient="index"), how="inner")
    parts = parts_among((*answered, *predictions["body_part"]))
    learned = Learned.of_table(predictions, by)
    if learned is not None and known is not None:
        learned = replace(learned, silent=known.silent)
    mark = f", {MARK}" if learned is not None and learned.n and learned.all else ""
    evaluation = Evaluation(
        *_scored(counted(predictions), parts, by, resamples, mark),
        predictions,
        tuple(unreadable),
        model,
        learned=learned,
    )
    if learned is not None and 0 < learned.n < learned.of:
        scores = _scored(predictions, parts, by, resamples, f", some {MARK}")
        on_all = Evaluation(*scores, predictions, evaluation.unreadable, model)
        evaluation = replace(evaluation, on_all=on_all)
    if show is not None:
        show(str(evaluation))
    return evaluation


def _scored(
    predictions: pd.DataFrame, parts: Sequence[str], by: str, resamples: int, mark: str
) -> tuple[Scores, Scores, dict[str, Scores]]:
    """Compare answers with the truth; questions end with a mark where it is needed."""

    def fracture_scores(kind: str, rows: pd.DataFrame) -> Scores:
        return score_fracture(
            f"fracture, {kind}{mark}",
            rows["label"],
            rows["predicted_label"],
            rows["fracture_probability"],
            groups=rows[by],
            resamples=resamples,
        )

    body_part = score_body_part(
        predictions["body_part"],
        predictions["predicted_body_part"],
        parts,
        groups=predictions[by],
        resamples=resamples,
        question=f"body part{mark}",
    )
    of_parts = {part: fracture_scores(part, rows) for part, rows in by_part(predictions)}
    return body_part, fracture_scores("all parts", predictions), of_parts


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

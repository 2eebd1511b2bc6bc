"""The checks of the exercises, each of an answer, ``None`` while there is none; what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from numbers import Real
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.evaluation.detection import Examined, froc
from fracture_widgets.evaluation.metrics import predictive_values, sensitivity, specificity
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL

if TYPE_CHECKING:
    import keras

    from fracture_widgets.evaluation.scores import Scores

_LOOKS = {
    "right": ("Right.", "#e2f2ec", "#17634f"),
    "not yet": ("Not yet.", "#fbeae4", "#a93a1b"),
    "open": ("Your turn.", "#fdf3dc", "#6b4e00"),
}


@dataclass(frozen=True)
class Verdict:
    """A state, and why or a hint; as the last line of a cell it shows itself."""

    state: str
    words: str

    @classmethod
    def right(cls, words: str) -> Self:
        """Say that an answer is right, and what it means."""
        return cls("right", words)

    @classmethod
    def not_yet(cls, hint: str) -> Self:
        """Say that an answer is wrong, and where to look."""
        return cls("not yet", hint)

    @classmethod
    def open(cls, task: str) -> Self:
        """Say what is asked for."""
        return cls("open", task)

    def __repr__(self) -> str:
        return f"{_LOOKS[self.state][0]} {self.words}"

    def _repr_html_(self) -> str:
        says, pale, dark = _LOOKS[self.state]
        return (
            f'<div style="background:{pale};color:{dark};border-left:4px solid {dark};'
            f'padding:8px 14px;border-radius:4px"><b>{says}</b> {escape(self.words)}</div>'
        )


_CLOSE = 0.006
"""Answers are given to two places."""


def _near(answer: float, number: float) -> bool:
    return abs(answer - number) <= _CLOSE


def _number(answer: object, as_in: str) -> float | Verdict:
    """Return the number that was typed, or a hint at what was typed in its place."""
    if isinstance(answer, str):
        return Verdict.not_yet(f"Quotation marks make a text of it: write the number, {as_in}.")
    if isinstance(answer, tuple):
        return Verdict.not_yet(f"A comma makes several numbers of it: write one, {as_in}.")
    if isinstance(answer, Iterable):
        return Verdict.not_yet(f"Write the number itself, without brackets, {as_in}.")
    if isinstance(answer, bool) or not isinstance(answer, Real) or not np.isfinite(float(answer)):
        return Verdict.not_yet(f"Write a number, {as_in}.")
    return float(answer)


def _share(answer: object) -> float | Verdict:
    """Return the share that was typed, or a hint at what was typed in its place."""
    share = _number(answer, "as in 0.55")
    if isinstance(share, Verdict) or 0 <= share <= 1:
        return share
    return Verdict.not_yet("Give a share between 0 and 1, not a percentage.")


def _whole_number(answer: object) -> float | Verdict:
    """Return the whole number that was typed, or a hint at what was typed in its place."""
    return _number(answer, "as in 1234")


def check_always_normal(answer: object, table: pd.DataFrame) -> Verdict:
    """Check the accuracy of calling everybody normal."""
    if answer is None:
        return Verdict.open("Give the share of right answers, 0 to 1, to two places.")
    share = _share(answer)
    if isinstance(share, Verdict):
        return share
    normal = float((table["label"] == NORMAL).mean())
    if _near(share, normal):
        return Verdict.right(
            f"{normal:.0%} of the answers are right, and not one fracture is found."
        )
    if _near(share, 1 - normal):
        return Verdict.not_yet("That is the share of the fractured: on those it is wrong.")
    return Verdict.not_yet("It is right wherever the label is normal: count those.")


def check_split(split: object) -> Verdict:
    """Check that a division keeps every patient on one side."""
    if split is None:
        return Verdict.open("Divide the table so that no patient stands on two sides.")
    if not isinstance(split, pd.DataFrame):
        return Verdict.not_yet("Give the divided table itself, as split_by_patient returns it.")
    side = next((name for name in ("split", "fold") if name in split), None)
    if side is None:
        return Verdict.not_yet("The table has no column split or fold: divide it first.")
    if split[side].nunique() < 2:
        return Verdict.not_yet("All radiographs stand on one side: nothing is left to test with.")
    divided = int((split.groupby("patient_id")[side].nunique() > 1).sum())
    if divided:
        some = "patient stands" if divided == 1 else "patients stand"
        return Verdict.not_yet(
            f"{divided} {some} on more than one side. What has to stay together?"
        )
    return Verdict.right("Every patient stands on one side.")


def check_best_epoch(answer: object, history: pd.DataFrame) -> Verdict:
    """Check which epoch's weights early stopping keeps."""
    if answer is None:
        return Verdict.open("Give the number of the epoch whose weights you would keep.")
    epoch = _whole_number(answer)
    if isinstance(epoch, Verdict):
        return epoch
    best = int(history.index[int(history["val_loss"].argmin())])
    if epoch == best:
        return Verdict.right(
            "From there on the network learns its training radiographs, no longer fractures."
        )
    if epoch == history.index[-1]:
        return Verdict.not_yet("That is the last epoch: best in training, not on what is new.")
    if epoch == best - 1 and epoch not in history.index:
        return Verdict.not_yet("Epochs are counted from 1.")
    accuracy = history.get("val_accuracy")
    if accuracy is not None and epoch in history.index[accuracy == accuracy.max()]:
        return Verdict.not_yet(
            "That is where accuracy in validation is highest: it counts a few radiographs as right "
            "or wrong. The loss also weighs how sure the network was of each: go by that."
        )
    return Verdict.not_yet("Look for the lowest loss in validation, not in training.")


def check_trained_weights(answer: object, model: keras.Model) -> Verdict:
    """Check how many numbers a frozen network still learns."""
    if answer is None:
        return Verdict.open("Count the numbers that are learned in three dense layers.")
    count = _whole_number(answer)
    if isinstance(count, Verdict):
        return count
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    biases = sum(int(weight.shape[0]) for weight in model.trainable_weights if weight.ndim == 1)
    if count == trained:
        share = trained / model.count_params()
        return Verdict.right(f"{trained:,} of {model.count_params():,}: {share:.1%} of them.")
    if count == trained - biases:
        return Verdict.not_yet("Nearly: every unit has a bias beside its weights.")
    if count == model.count_params():
        return Verdict.not_yet("Those are all: how many of them does training change?")
    return Verdict.not_yet("A dense layer learns inputs times units, and one bias a unit.")


def check_hottest_place(answer: object, cells: npt.NDArray[np.floating]) -> Verdict:
    """Check where a heatmap is highest."""
    if answer is None:
        return Verdict.open("Give the row and the column of the hottest cell, counted from 0.")
    row, column = divmod(int(cells.argmax()), cells.shape[1])
    given = tuple(answer) if isinstance(answer, Iterable) else (answer,)
    numbers = all(isinstance(number, Real) for number in given)
    if numbers and given == (row * cells.shape[1] + column,):
        return Verdict.not_yet("That counts all cells: np.unravel_index makes two numbers of it.")
    if not numbers or len(given) != 2:
        return Verdict.not_yet("Give two numbers, the row and the column, as in (0, 6).")
    if given == (row, column):
        return Verdict.right(f"Row {row}, column {column}, of {len(cells)} x {len(cells[0])}.")
    if given == (column, row):
        return Verdict.not_yet("Rows come first, then columns.")
    if given == (row + 1, column + 1):
        return Verdict.not_yet("Count from 0.")
    return Verdict.not_yet("np.unravel_index turns cells.argmax() into row and column.")


def check_margin(answer: object, *, share: float, n: int) -> Verdict:
    """Check how far luck alone may move a share: half of its 95 percent interval, by Wald."""
    if answer is None:
        return Verdict.open("Give the distance to either side, to two places.")
    given = _share(answer)
    if isinstance(given, Verdict):
        return given
    margin = 1.96 * (share * (1 - share) / n) ** 0.5
    if _near(given, margin):
        return Verdict.right(f"From {share - margin:.2f} to {share + margin:.2f}.")
    if _near(given, 2 * margin):
        return Verdict.not_yet("That is the whole width: half of it lies on either side.")
    if _near(given, margin / 1.96):
        return Verdict.not_yet("Nearly: 95 percent takes 1.96 of those.")
    return Verdict.not_yet("Put the share for p and the number of radiographs for n.")


def check_predictive_value(
    answer: object, *, sensitivity: float, specificity: float, prevalence: float
) -> Verdict:
    """Check how many of those called fractured are."""
    if answer is None:
        return Verdict.open("Of those called fractured, what share is? Give two places.")
    share = _share(answer)
    if isinstance(share, Verdict):
        return share
    positive, negative = predictive_values(sensitivity, specificity, prevalence)
    if _near(share, float(positive)):
        return Verdict.right(f"Of 100 alarms, {100 * (1 - float(positive)):.0f} are false.")
    if _near(share, sensitivity):
        return Verdict.not_yet(
            "That is the sensitivity: of the fractured, the share that is called so. Turn it round."
        )
    if _near(share, float(negative)):
        return Verdict.not_yet("That is what the answer normal is worth. Asked is the other.")
    return Verdict.not_yet(
        "Imagine 1,000 patients. How many are fractured and called so? How many called so in all?"
    )


def check_threshold(answer: object, scores: Scores, *, wanted_sensitivity: float) -> Verdict:
    """Check a threshold that finds enough fractures at the least price."""
    if answer is None:
        return Verdict.open(
            f"Give the highest threshold that still finds {wanted_sensitivity:.0%} of the "
            "fractures, to two places."
        )
    threshold = _share(answer)
    if isinstance(threshold, Verdict):
        return threshold
    found, spared = _at(scores, threshold)
    if found < wanted_sensitivity:
        return Verdict.not_yet(f"It finds {found:.0%} of the fractures: go lower.")
    found_higher, _ = _at(scores, threshold + 0.01)
    if found_higher >= wanted_sensitivity:
        return Verdict.not_yet(
            f"It finds {found:.0%} of the fractures and spares {spared:.0%} of the normal: "
            "a higher one finds enough too."
        )
    return Verdict.right(
        f"It finds {found:.0%} of the fractures and spares {spared:.0%} of the normal."
    )


def _at(scores: Scores, threshold: float) -> tuple[float, float]:
    true = np.where(scores.true, FRACTURED, NORMAL)
    called = np.where(scores.score >= threshold, *LABELS)
    return sensitivity(true, called), specificity(true, called)


def check_iou(answer: object, box: Box, other: Box) -> Verdict:
    """Check how much two boxes overlap."""
    if answer is None:
        return Verdict.open("Give the area that both share over that of both together, two places.")
    share = _share(answer)
    if isinstance(share, Verdict):
        return share
    shared, both = box.overlap(other), box.area + other.area
    if _near(share, box.iou(other)):
        return Verdict.right(f"{shared / box.area:.0%} of a box is shared, of both together less.")
    if _near(share, shared / box.area) or _near(share, shared / other.area):
        return Verdict.not_yet("That is the share of one box: divide by what both cover.")
    if _near(share, shared / both):
        return Verdict.not_yet("What they share lies in both areas: it was counted twice.")
    return Verdict.not_yet("Draw both on squared paper; count shared squares, then all.")


def check_kept(
    answer: object, boxes: Sequence[Box], scores: Sequence[float], *, overlap: float
) -> Verdict:
    """Check how many boxes non-maximum suppression keeps."""
    if answer is None:
        return Verdict.open("Give the number of boxes that stay.")
    count = _whole_number(answer)
    if isinstance(count, Verdict):
        return count
    kept: list[Box] = []
    untouched = 0
    by_score = [box for _, box in sorted(zip(scores, boxes, strict=True), key=lambda x: -x[0])]
    for number, box in enumerate(by_score):
        untouched += all(box.iou(other) <= overlap for other in by_score[:number])
        if all(box.iou(other) <= overlap for other in kept):
            kept.append(box)
    if count == len(kept):
        return Verdict.right(f"{len(kept)} of {len(boxes)}; what is gone suppresses nobody.")
    if count == untouched:
        return Verdict.not_yet("A box that is gone suppresses nobody: ask only those that stay.")
    if count == len(boxes):
        return Verdict.not_yet("Those are all: some overlap a surer one too much.")
    return Verdict.not_yet("Begin with the surest, strike what overlaps it too much, go on.")


def check_found_at(answer: object, pictures: Sequence[Examined], *, false_boxes: float) -> Verdict:
    """Check what share of the fractured is found at a price in false boxes."""
    if answer is None:
        return Verdict.open(
            f"Give the share of fractured radiographs found at no more than {false_boxes:g} false "
            "boxes a radiograph, to two places."
        )
    share = _share(answer)
    if isinstance(share, Verdict):
        return share
    found = froc(pictures, hit="pointing").at(false_boxes)
    broken = sum(bool(picture.marked) for picture in pictures)
    if _near(share, found):
        return Verdict.right(f"{round(found * broken)} of {broken} that are fractured.")
    if _near(share, found * broken / len(pictures)):
        return Verdict.not_yet("That is a share of all: divide by the fractured alone.")
    if share > found:
        return Verdict.not_yet("So many cost more false boxes: stay left of the line.")
    return Verdict.not_yet("Go on along the curve: the price is not reached yet.")


def check_answered(answer: object, *, fractured: npt.ArrayLike, refused: npt.ArrayLike) -> Verdict:
    """Check what share of the fractured got an answer at all."""
    if answer is None:
        return Verdict.open("Give the share of the fractured that was not refused, to two places.")
    share = _share(answer)
    if isinstance(share, Verdict):
        return share
    broken, turned_away = np.asarray(fractured, dtype=bool), np.asarray(refused, dtype=bool)
    answered = float((~turned_away[broken]).mean())
    if _near(share, answered):
        lost = int(turned_away[broken].sum())
        return Verdict.right(f"{lost} of {broken.sum()} fractured ones are left to somebody else.")
    if _near(share, 1 - answered):
        return Verdict.not_yet("That is the share that was refused: asked is the other.")
    if _near(share, float((~turned_away).mean())):
        return Verdict.not_yet("That is the share of all: count the fractured alone.")
    if turned_away.any() and _near(share, float(broken[~turned_away].mean())):
        return Verdict.not_yet("That is the share of fractures among the answers. Turn it round.")
    return Verdict.not_yet("Divide the fractured that have a verdict by all that are fractured.")

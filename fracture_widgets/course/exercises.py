"""The checks of the exercises, each of an answer, ``None`` while there is none; what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from numbers import Real
from typing import TYPE_CHECKING

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
_CLOSE = 0.006
"""Answers are given to two places."""

_UNKNOWN = "not known"


@dataclass(frozen=True)
class Verdict:
    """A state, and why or a hint; as the last line of a cell it shows itself."""

    state: str
    words: str

    def __repr__(self) -> str:
        return f"{_LOOKS[self.state][0]} {self.words}"

    def _repr_html_(self) -> str:
        says, pale, dark = _LOOKS[self.state]
        return (
            f'<div style="background:{pale};color:{dark};border-left:4px solid {dark};'
            f'padding:8px 14px;border-radius:4px"><b>{says}</b> {escape(self.words)}</div>'
        )


_right = partial(Verdict, "right")
_not_yet = partial(Verdict, "not yet")
_asked = partial(Verdict, "open")


def _near(answer: float, number: float) -> bool:
    return abs(answer - number) <= _CLOSE


def _number(answer: object, task: str, as_in: str = "as in 1234") -> float | Verdict:
    """Return the number that was typed, or what is asked for, or a hint at what was typed."""
    if answer is None:
        return _asked(task)
    if isinstance(answer, str):
        return _not_yet(f"Quotation marks make a text of it: write the number, {as_in}.")
    if isinstance(answer, tuple):
        return _not_yet(f"A comma makes several numbers of it: write one, {as_in}.")
    if isinstance(answer, Iterable):
        return _not_yet(f"Write the number itself, without brackets, {as_in}.")
    if isinstance(answer, bool) or not isinstance(answer, Real) or not np.isfinite(float(answer)):
        return _not_yet(f"Write a number, {as_in}.")
    return float(answer)


def _share(answer: object, task: str) -> float | Verdict:
    """Return the share that was typed, to two places, or as above."""
    share = _number(answer, task, "as in 0.55")
    if isinstance(share, Verdict) or 0 <= share <= 1:
        return share
    return _not_yet("Give a share between 0 and 1, not a percentage.")


def check_always_normal(answer: object, table: pd.DataFrame) -> Verdict:
    """Check the accuracy of calling everybody normal."""
    share = _share(answer, "Give the share of right answers, 0 to 1, to two places.")
    if isinstance(share, Verdict):
        return share
    normal = float((table["label"] == NORMAL).mean())
    if _near(share, normal):
        return _right(f"{normal:.0%} of the answers are right, and not one fracture is found.")
    if _near(share, 1 - normal):
        return _not_yet("That is the share of the fractured: on those it is wrong.")
    return _not_yet("It is right wherever the label is normal: count those.")


def check_split(split: object) -> Verdict:
    """Check that a division keeps every patient on one side."""
    if split is None:
        return _asked("Divide the table so that no patient stands on two sides.")
    if not isinstance(split, pd.DataFrame):
        return _not_yet("Give the divided table itself, as split_by_patient returns it.")
    side = next((name for name in ("split", "fold") if name in split), None)
    if side is None:
        return _not_yet("The table has no column split or fold: divide it first.")
    if split[side].nunique() < 2:
        return _not_yet("All radiographs stand on one side: nothing is left to test with.")
    divided = int((split.groupby("patient_id")[side].nunique() > 1).sum())
    if divided:
        some = "patient stands" if divided == 1 else "patients stand"
        return _not_yet(f"{divided} {some} on more than one side. What has to stay together?")
    return _right("Every patient stands on one side.")


def check_best_epoch(answer: object, history: pd.DataFrame) -> Verdict:
    """Check which epoch's weights early stopping keeps."""
    epoch = _number(answer, "Give the number of the epoch whose weights you would keep.")
    if isinstance(epoch, Verdict):
        return epoch
    best = int(history.index[int(history["val_loss"].argmin())])
    if epoch == best:
        return _right(
            "From there on the network learns its training radiographs, no longer fractures."
        )
    if epoch == history.index[-1]:
        return _not_yet("That is the last epoch: best in training, not on what is new.")
    if epoch == best - 1 and epoch not in history.index:
        return _not_yet("Epochs are counted from 1.")
    accuracy = history.get("val_accuracy")
    if accuracy is not None and epoch in history.index[accuracy == accuracy.max()]:
        return _not_yet(
            "That is where accuracy in validation is highest: it counts a few radiographs as right "
            "or wrong. The loss also weighs how sure the network was of each: go by that."
        )
    return _not_yet("Look for the lowest loss in validation, not in training.")


def check_trained_weights(answer: object, model: keras.Model) -> Verdict:
    """Check how many numbers a frozen network still learns."""
    count = _number(answer, "Count the numbers that are learned in three dense layers.")
    if isinstance(count, Verdict):
        return count
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    biases = sum(int(weight.shape[0]) for weight in model.trainable_weights if weight.ndim == 1)
    if count == trained:
        share = trained / model.count_params()
        return _right(f"{trained:,} of {model.count_params():,}: {share:.1%} of them.")
    if count == trained - biases:
        return _not_yet("Nearly: every unit has a bias beside its weights.")
    if count == model.count_params():
        return _not_yet("Those are all: how many of them does training change?")
    return _not_yet("A dense layer learns inputs times units, and one bias a unit.")


def check_hottest_place(answer: object, cells: npt.NDArray[np.floating]) -> Verdict:
    """Check where a heatmap is highest."""
    if answer is None:
        return _asked("Give the row and the column of the hottest cell, counted from 0.")
    row, column = divmod(int(cells.argmax()), cells.shape[1])
    given = tuple(answer) if isinstance(answer, Iterable) else (answer,)
    numbers = all(isinstance(number, Real) for number in given)
    if numbers and given == (row * cells.shape[1] + column,):
        return _not_yet("That counts all cells: np.unravel_index makes two numbers of it.")
    if not numbers or len(given) != 2:
        return _not_yet("Give two numbers, the row and the column, as in (0, 6).")
    if given == (row, column):
        return _right(f"Row {row}, column {column}, of {len(cells)} x {len(cells[0])}.")
    if given == (column, row):
        return _not_yet("Rows come first, then columns.")
    if given == (row + 1, column + 1):
        return _not_yet("Count from 0.")
    return _not_yet("np.unravel_index turns cells.argmax() into row and column.")


def check_margin(answer: object, *, share: float, n: int) -> Verdict:
    """Check how far luck alone may move a share: half of its 95 percent interval, by Wald."""
    given = _share(answer, "Give the distance to either side, to two places.")
    if isinstance(given, Verdict):
        return given
    margin = 1.96 * (share * (1 - share) / n) ** 0.5
    if _near(given, margin):
        return _right(f"From {share - margin:.2f} to {share + margin:.2f}.")
    if _near(given, 2 * margin):
        return _not_yet("That is the whole width: half of it lies on either side.")
    if _near(given, margin / 1.96):
        return _not_yet("Nearly: 95 percent takes 1.96 of those.")
    return _not_yet("Put the share for p and the number of radiographs for n.")


def check_predictive_value(
    answer: object, *, sensitivity: float, specificity: float, prevalence: float
) -> Verdict:
    """Check how many of those called fractured are."""
    share = _share(answer, "Of those called fractured, what share is? Give two places.")
    if isinstance(share, Verdict):
        return share
    positive, negative = predictive_values(sensitivity, specificity, prevalence)
    if _near(share, float(positive)):
        return _right(f"Of 100 alarms, {100 * (1 - float(positive)):.0f} are false.")
    if _near(share, sensitivity):
        return _not_yet(
            "That is the sensitivity: of the fractured, the share that is called so. Turn it round."
        )
    if _near(share, float(negative)):
        return _not_yet("That is what the answer normal is worth. Asked is the other.")
    return _not_yet(
        "Imagine 1,000 patients. How many are fractured and called so? How many called so in all?"
    )


def check_threshold(answer: object, scores: Scores, *, wanted_sensitivity: float) -> Verdict:
    """Check a threshold that finds enough fractures at the least price."""
    threshold = _share(
        answer,
        f"Give the highest threshold that still finds {wanted_sensitivity:.0%} of the "
        "fractures, to two places.",
    )
    if isinstance(threshold, Verdict):
        return threshold
    found, spared = _at(scores, threshold)
    if found < wanted_sensitivity:
        return _not_yet(f"It finds {found:.0%} of the fractures: go lower.")
    worth = f"It finds {found:.0%} of the fractures and spares {spared:.0%} of the normal"
    if _at(scores, threshold + 0.01)[0] >= wanted_sensitivity:
        return _not_yet(f"{worth}: a higher one finds enough too.")
    return _right(f"{worth}.")


def _at(scores: Scores, threshold: float) -> tuple[float, float]:
    true = np.where(scores.true, FRACTURED, NORMAL)
    called = np.where(scores.score >= threshold, *LABELS)
    return sensitivity(true, called), specificity(true, called)


def check_iou(answer: object, box: Box, other: Box) -> Verdict:
    """Check how much two boxes overlap."""
    share = _share(answer, "Give the area that both share over that of both together, two places.")
    if isinstance(share, Verdict):
        return share
    shared, both = box.overlap(other), box.area + other.area
    if _near(share, box.iou(other)):
        return _right(f"{shared / box.area:.0%} of a box is shared, of both together less.")
    if _near(share, shared / box.area) or _near(share, shared / other.area):
        return _not_yet("That is the share of one box: divide by what both cover.")
    if _near(share, shared / both):
        return _not_yet("What they share lies in both areas: it was counted twice.")
    return _not_yet("Draw both on squared paper; count shared squares, then all.")


def check_kept(
    answer: object, boxes: Sequence[Box], scores: Sequence[float], *, overlap: float
) -> Verdict:
    """Check how many boxes non-maximum suppression keeps."""
    count = _number(answer, "Give the number of boxes that stay.")
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
        return _right(f"{len(kept)} of {len(boxes)}; what is gone suppresses nobody.")
    if count == untouched:
        return _not_yet("A box that is gone suppresses nobody: ask only those that stay.")
    if count == len(boxes):
        return _not_yet("Those are all: some overlap a surer one too much.")
    return _not_yet("Begin with the surest, strike what overlaps it too much, go on.")


def check_found_at(answer: object, pictures: Sequence[Examined], *, false_boxes: float) -> Verdict:
    """Check what share of the fractured is found at a price in false boxes."""
    share = _share(
        answer,
        f"Give the share of fractured radiographs found at no more than {false_boxes:g} false "
        "boxes a radiograph, to two places.",
    )
    if isinstance(share, Verdict):
        return share
    found = froc(pictures, hit="pointing").at(false_boxes)
    broken = sum(bool(picture.marked) for picture in pictures)
    if _near(share, found):
        return _right(f"{round(found * broken)} of {broken} that are fractured.")
    if _near(share, found * broken / len(pictures)):
        return _not_yet("That is a share of all: divide by the fractured alone.")
    if share > found:
        return _not_yet("So many cost more false boxes: stay left of the line.")
    return _not_yet("Go on along the curve: the price is not reached yet.")


def check_answered(answer: object, *, fractured: npt.ArrayLike, refused: npt.ArrayLike) -> Verdict:
    """Check what share of the fractured got an answer at all."""
    share = _share(answer, "Give the share of the fractured that was not refused, to two places.")
    if isinstance(share, Verdict):
        return share
    broken, turned_away = np.asarray(fractured, dtype=bool), np.asarray(refused, dtype=bool)
    answered = float((~turned_away[broken]).mean())
    if _near(share, answered):
        lost = int(turned_away[broken].sum())
        return _right(f"{lost} of {broken.sum()} fractured ones are left to somebody else.")
    if _near(share, 1 - answered):
        return _not_yet("That is the share that was refused: asked is the other.")
    if _near(share, float((~turned_away).mean())):
        return _not_yet("That is the share of all: count the fractured alone.")
    if turned_away.any() and _near(share, float(broken[~turned_away].mean())):
        return _not_yet("That is the share of fractures among the answers. Turn it round.")
    return _not_yet("Divide the fractured that have a verdict by all that are fractured.")


def check_calibration_error(answer: object, bins: pd.DataFrame) -> Verdict:
    """Check by how much what was said and what is so differ, averaged over the radiographs."""
    given = _share(answer, "Give the expected calibration error of these bins, to two places.")
    if isinstance(given, Verdict):
        return given
    apart = (bins["probability"] - bins["share"]).abs()
    if _near(given, float(np.average(apart, weights=bins["n"]))):
        return _right("Most radiographs lie in one bin, so that bin decides.")
    if _near(given, float(apart.mean())):
        return _not_yet("Every bin counted as much: let it count as its radiographs do.")
    if _near(given, float(apart.max())):
        return _not_yet("That is the worst bin alone: take all of them.")
    return _not_yet("For each bin |said - is so|, times its share of all; then add them up.")


def check_fewest(answer: object, *, miss: float) -> Verdict:
    """Check from how many known cases on a conformal set may leave an answer out."""
    count = _number(answer, f"Give the least n for a promise that misses at most {miss:.0%}.")
    if isinstance(count, Verdict):
        return count
    fewest = next(n for n in range(1, 10_000) if np.ceil((n + 1) * (1 - miss) - 1e-9) <= n)
    if count == fewest:
        return _right(f"With {fewest - 1} every answer stays possible, whatever is said.")
    if count == fewest + 1:
        return _not_yet("Nearly: the new one counts among the n + 1, not among the n.")
    if count < fewest:
        return _not_yet("With so few the rank lies beyond the last: nothing is left out.")
    return _not_yet("Fewer do: look for the first n that the rank does not exceed.")


def check_cost_threshold(answer: object, *, miss: float, alarm: float) -> Verdict:
    """Check from which probability on a false alarm is the lesser risk."""
    threshold = _share(answer, "Give the threshold at which both risks cost the same, two places.")
    if isinstance(threshold, Verdict):
        return threshold
    right = alarm / (alarm + miss)
    if _near(threshold, right):
        return _right(f"From {right:.2f} on, calling it a fracture is the cheaper risk.")
    if _near(threshold, 1 - right):
        return _not_yet("That is for a false alarm that costs so much more than a miss.")
    if _near(threshold, alarm / miss):
        return _not_yet("Nearly: an alarm is false only with probability 1 - p.")
    return _not_yet("Where is p times the cost of a miss (1 - p) times that of an alarm?")


def check_most_missed(answer: object, *, n: int) -> Verdict:
    """Check what share may still be missed, with 95 percent confidence, where none of n was."""
    share = _share(answer, f"Up to what share may be missed, where none of {n} was? Two places.")
    if isinstance(share, Verdict):
        return share
    if _near(share, 1 - 0.05 ** (1 / n)) or _near(share, 3 / n):
        return _right(f"The rule of three: none of {n} means up to 3 in {n}.")
    if share == 0:
        return _not_yet(f"None of {n} is not none at all: so few may be luck.")
    if _near(share, 1 / n):
        return _not_yet("At 1 in n, none of n happens more than one time in three.")
    return _not_yet(f"For which share p does (1 - p) to the power of {n} fall to 0.05?")


def check_datasheet(sheet: Mapping[str, object], table: pd.DataFrame) -> Verdict:
    """Check that a datasheet says what its table holds, and claims nothing else."""
    blank = [question for question, answer in sheet.items() if answer in (None, "")]
    if blank:
        left = f"{len(blank)} of {len(sheet)} lines are"
        return _asked(f"{left} empty, the first: {blank[0]}. Count, or write '{_UNKNOWN}'.")
    counts = {
        "radiographs": len(table),
        "patients": table["patient_id"].nunique(),
        "fractured": int((table["label"] == FRACTURED).sum()),
    }
    for question, count in counts.items():
        given = _number(sheet.get(question), "Write a number, as in 1234.")
        if isinstance(given, Verdict):
            return _not_yet(f"{question}: {given.words}")
        if given != count:
            return _not_yet(f"{question}: the table holds another number. Count again.")
    for question, answer in sheet.items():
        if question in counts:
            continue
        known, said = question in table, str(answer).strip().lower() != _UNKNOWN
        if said and not known:
            return _not_yet(f"{question}: where does that come from? No column says it.")
        if known and not said:
            return _not_yet(f"{question}: the table has a column of it. Look.")
    unknown = len(sheet) - len(counts) - sum(question in table for question in sheet)
    return _right(f"{unknown} lines say '{_UNKNOWN}': the most useful ones of the sheet.")

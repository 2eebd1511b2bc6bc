"""What becomes of the cascade's answers in other archives, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import (
    Estimate,
    auroc,
    bootstrap_interval,
    draws,
    percentile_interval,
    rate,
)
from fracture_widgets.evaluation.scores import text_table
from fracture_widgets.evaluation.shifts import SHIFTS, STRENGTHS
from fracture_widgets.evaluation.shifts.shift import coarse
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.trust import LIKE, UNLIKE
from fracture_widgets.parts import FRACTURED, Verdict

if TYPE_CHECKING:
    from fracture_widgets.models.answering import Answers
    from fracture_widgets.models.cascade import Cascade

UNCHANGED = "unchanged"
MISSED, FALSE, IN_DOUBT, RANKED = "missed", "false", "doubt", "auroc"
_LOOKS = "looks, beside what was learned from"
_WORTH = {
    MISSED: "fractured: none seen",
    FALSE: "normal: fracture",
    IN_DOUBT: "all: doubt",
    RANKED: "AUROC",
}
ALL, NOT_TRAINED_ON = "mean of all", "mean of those never trained on"

VERDICTS = (Verdict.REFUSED, *(each for each in Verdict if each is not Verdict.REFUSED))
"""As their shares stand beside one another: that of the refused first."""

_LONGEST = 1024  # pixels: more than a network sees, and changed in a tenth of the time
_BATCH = 16
_COLUMNS = ("shift", "strength", "part", "AUROC", "AUROC lost")

Floats = npt.NDArray[np.float64]
Condition = tuple[str, int]


@dataclass(frozen=True)
class ShiftRow:
    """How well radiographs were answered that were changed in one way, or the mean of several."""

    kind: str
    """A name of SHIFTS, or what stands for none or for several."""
    strength: int
    """1 to 5; 0 of the unchanged radiographs, or of a mean."""
    body_part: Estimate
    """Accuracy."""
    auroc: Estimate
    """Of fractures."""
    lost: Estimate
    """By how much that lies below that of the unchanged radiographs."""
    verdicts: Mapping[str, float]
    """Share of each, that of the refused among them."""

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        shift = SHIFTS.get(self.kind)
        return {
            "kind": self.kind,
            "strength": self.strength or None,
            "trained_on": None if shift is None else shift.trained_on,
            "body_part_accuracy": self.body_part.to_dict(),
            "auroc": self.auroc.to_dict(),
            "auroc_lost": self.lost.to_dict(),
            "verdicts": {name: round(share, 4) for name, share in self.verdicts.items()},
        }


@dataclass(frozen=True, eq=False)
class ShiftResults:
    """What becomes of the answers, kind by kind and strength by strength."""

    rows: tuple[ShiftRow, ...]
    """Of the unchanged radiographs, every change, and the means."""
    answers: pd.DataFrame
    """A row for each radiograph and change; `row` is of the dataset's table."""
    worth: Mapping[str, Mapping[str, Estimate]]
    """What verdicts are worth on radiographs like those that were learned from, and unlike them."""

    def __repr__(self) -> str:
        return f"ShiftResults({len(self.rows)} rows)"

    def __str__(self) -> str:
        lines = [(*_COLUMNS, *map(str, VERDICTS))]
        for row in self.rows:
            numbers = (str(row.body_part), str(row.auroc), str(row.lost))
            shares = (f"{row.verdicts[name]:.3f}" for name in VERDICTS)
            lines.append((row.kind, str(row.strength or ""), *numbers, *shares))
        worth = f"\n\n{text_table(self.worth_rows())}" if self.knows_unlike else ""
        return text_table(lines) + worth

    @property
    def knows_unlike(self) -> bool:
        """Whether the model tells what looks unlike, and some of it did."""
        return self.worth[UNLIKE][IN_DOUBT].n > 0

    def worth_rows(self) -> list[tuple[str, ...]]:
        """Return the table of what verdicts are worth, its head first."""
        rows = [(_LOOKS, *_WORTH.values())]
        for name, of in self.worth.items():
            rows.append((name, *(f"{of[which]} of {of[which].n:,}" for which in _WORTH)))
        return rows

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the rows, ready for JSON."""
        return [row.to_dict() for row in self.rows]


def _of_file(row: Any) -> Radiograph:
    """Read a row's file."""
    return read_radiograph(row.image_path)


def evaluate_shifts(
    table: pd.DataFrame,
    model: Cascade | Answers,
    *,
    kinds: Sequence[str] = tuple(SHIFTS),
    strengths: Sequence[int] = STRENGTHS,
    by: str = "patient_id",
    resamples: int = 500,
    read: Callable[[Any], Radiograph] = _of_file,
    monitor: Monitor = SILENT,
) -> ShiftResults:
    """Answer radiographs as other archives would have them, and compare.

    ``read`` gives the radiograph of a row of the table. Those that are refused count with what
    the networks say of them. Whole values of the column ``by`` stay together in the draws of
    intervals; the lot of a change is the same for a radiograph in whatever company.
    """
    if not len(table):
        raise DatasetError("The table holds no radiographs: give the one load_dataset returns.")
    conditions = [(UNCHANGED, 0), *product(kinds, strengths)]
    answered: list[tuple[Any, ...]] = []
    total = len(table) * len(conditions)
    for known in table.itertuples():
        radiograph = read(known)
        radiograph = replace(radiograph, pixels=coarse(radiograph.pixels, _LONGEST), file=None)
        for start in range(0, len(conditions), _BATCH):
            some = conditions[start : start + _BATCH]
            changed = [model.prepare(_changed(radiograph, *condition)) for condition in some]
            answers = model.answer(changed)
            for (kind, strength), answer in zip(some, answers, strict=True):
                said = (answer.body_part, answer.fracture_probability, str(answer.verdict))
                answered.append((known.Index, kind, strength, *said, answer.is_of_unlike))
            monitor.step(len(answered), total)
    names = ["row", "kind", "strength", "predicted_body_part", "fracture_probability", "verdict"]
    long = pd.DataFrame(answered, columns=[*names, UNLIKE])
    rows = tuple(_rows(table, long, conditions, by, resamples))
    return ShiftResults(rows, long, _worth(table, long, by, resamples))


def _worth(
    table: pd.DataFrame, answers: pd.DataFrame, by: str, resamples: int
) -> dict[str, dict[str, Estimate]]:
    """Return how often verdicts are wrong or in doubt, and the AUROC, by what looks unlike."""
    given = answers[answers["verdict"] != Verdict.REFUSED]
    given = given.assign(label=table["label"].loc[given["row"]].to_numpy())
    groups = table[by].loc[given["row"]].to_numpy()
    fractured = (given["label"] == FRACTURED).to_numpy()
    asked = {
        MISSED: (Verdict.NONE_SEEN, fractured),
        FALSE: (Verdict.FRACTURE, ~fractured),
        IN_DOUBT: (Verdict.DOUBT, np.ones(len(given), np.bool_)),
    }
    worth = {}
    for name, looks in ((LIKE, ~given[UNLIKE]), (UNLIKE, given[UNLIKE])):
        worth[name] = {
            which: rate(given["verdict"][looks & of] == verdict, groups[looks & of], n=resamples)
            for which, (verdict, of) in asked.items()
        }
        worth[name][RANKED] = bootstrap_interval(
            auroc,
            fractured[looks],
            given.loc[looks, "fracture_probability"],
            groups=groups[looks],
            n=resamples,
        )
    return worth


def _changed(radiograph: Radiograph, kind: str, strength: int) -> Radiograph:
    if kind == UNCHANGED:
        return radiograph
    lot = [0, int(radiograph.sha256[:8], 16)]
    shifted = SHIFTS[kind].apply(radiograph.pixels, strength, seed=lot)
    colours = max(radiograph.colourfulness, shifted.colourfulness)
    return replace(radiograph, pixels=shifted.pixels, colourfulness=colours)


def _rows(
    table: pd.DataFrame,
    answers: pd.DataFrame,
    conditions: Sequence[Condition],
    by: str,
    resamples: int,
) -> Iterator[ShiftRow]:
    weights = np.array(list(draws(table[by], resamples)), dtype=np.float64)
    weights = weights.reshape(-1, len(table))
    fractured = (table["label"] == FRACTURED).to_numpy()
    # Of each change accuracy and AUROC, of all radiographs first and then of every draw.
    measured: dict[Condition, Floats] = {}
    shares: dict[Condition, dict[str, float]] = {}
    for kind, strength in conditions:
        rows = answers[(answers["kind"] == kind) & (answers["strength"] == strength)]
        said = rows.set_index("row").loc[table.index]
        right = (said["predicted_body_part"] == table["body_part"]).to_numpy()
        score = said["fracture_probability"].to_numpy()
        drawn = weights @ right / np.maximum(weights.sum(axis=1), 1)
        ranked = _drawn_aurocs(fractured, score, weights)
        measured[kind, strength] = np.stack(
            [np.append(right.mean(), drawn), np.append(auroc(fractured, score), ranked)]
        )
        shares[kind, strength] = {
            str(verdict): float((said["verdict"] == verdict).mean()) for verdict in Verdict
        }

    def estimate(numbers: Floats) -> Estimate:
        value, drawn = float(numbers[0]), numbers[1:].tolist()
        interval = percentile_interval(drawn, len(drawn))
        return Estimate(value, *interval, len(table), table[by].nunique())

    def row(kind: str, strength: int, some: Sequence[Condition]) -> ShiftRow:
        right, ranked = np.mean([measured[condition] for condition in some], axis=0)
        lost = measured[UNCHANGED, 0][1] - ranked
        verdicts = {
            str(verdict): float(np.mean([shares[condition][verdict] for condition in some]))
            for verdict in Verdict
        }
        return ShiftRow(kind, strength, estimate(right), estimate(ranked), estimate(lost), verdicts)

    for condition in conditions:
        yield row(*condition, [condition])
    unknown = [each for each in conditions[1:] if not SHIFTS[each[0]].trained_on]
    for name, some in ((ALL, conditions[1:]), (NOT_TRAINED_ON, unknown)):
        if some:
            yield row(name, 0, some)


def _drawn_aurocs(fractured: npt.NDArray[np.bool_], score: Floats, weights: Floats) -> Floats:
    """Return the AUROC of every draw, each radiograph counted as often as it was drawn."""
    above, below = score[fractured][:, np.newaxis], score[~fractured]
    won = (above > below) + 0.5 * (above == below)
    positive, negative = weights[:, fractured], weights[:, ~fractured]
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(((positive @ won) * negative).sum(axis=1) / pairs)

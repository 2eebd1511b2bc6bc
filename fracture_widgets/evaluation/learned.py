"""Radiographs that a model is asked and that it learned from: how many, and which count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.language import marked
from fracture_widgets.models.learned_from import ALIKE, NOT
from fracture_widgets.parts import in_words

LEARNED_COLUMN = "learned_from"
"""In a table of answers: ``"no"``, or how a radiograph is known as one that was learned from:
``"alike"``, as it looks, or ``"same"``, to the pixel."""

MARK = marked("learned from")
"""What stands beside figures that count radiographs that were learned from."""

NOT_SAID = (
    "The model's card does not say which radiographs it learned from: these figures hold only if "
    "none of these is among them."
)


@dataclass(frozen=True)
class Learned:
    """How many of the radiographs that a model was asked it had learned from."""

    n: int
    of: int
    beside: int = 0
    """So many of the others are of patients of whom it learned from other radiographs."""
    alike: int = 0
    """So many of the ``n`` are known by their looks, not to the pixel."""
    silent: tuple[str, ...] = ()
    """Models that answered too, and whose cards do not say what they learned from."""

    @classmethod
    def of_table(cls, table: pd.DataFrame, by: str = "patient_id") -> Learned | None:
        """Count them in a table of answers; None where it does not say."""
        if LEARNED_COLUMN not in table:
            return None
        learned = was_learned(table)
        beside = 0
        if by in table and learned.any():
            beside = int(table.loc[~learned, by].isin(set(table.loc[learned, by])).sum())
        alike = int((table[LEARNED_COLUMN] == ALIKE).sum())
        return cls(int(learned.sum()), len(table), beside, alike)

    @property
    def all(self) -> bool:
        """Whether there is no other."""
        return self.n == self.of

    def __str__(self) -> str:
        if not self.silent or self.all:
            return self._counted()
        say = "card does" if len(self.silent) == 1 else "cards do"
        models = in_words(self.silent, "and")
        return f"{self._counted()} Others may have been, too: of {models} the {say} not say."

    def _counted(self) -> str:
        many = "radiograph was" if self.of == 1 else "radiographs were"
        if not self.n:
            return f"None of the {self.of:,} {many} learned from."
        known = f" ({self.alike:,} known by their looks alone)" if self.alike else ""
        if self.all:
            return (
                f"All {self.of:,} {many} learned from{known}: these figures say how well the "
                "model remembers, and nothing of how well it does on others."
            )
        rest = self.of - self.n
        others = "1 other" if rest == 1 else f"{rest:,} others"
        said = (
            f"{self.n:,} of {self.of:,} {many} learned from{known}. The figures are on the {others}"
        )
        if self.beside:
            of_them = "is of a patient" if self.beside == 1 else "are of patients"
            said += f", {self.beside:,} of which {of_them} of whom other radiographs were"
        return f"{said}."

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        figures_on = "all" if self.all or not self.n else "others"
        return {
            "n": self.n, "of": self.of, "alike": self.alike, "figures_on": figures_on,
            "silent": list(self.silent),
        }  # fmt: skip


def was_learned(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows of a table of answers are of radiographs that were learned from."""
    learned: npt.NDArray[np.bool_] = table[LEARNED_COLUMN].to_numpy(dtype=str) != NOT
    return learned


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the answers that figures are on: of the others, or of all where there is no other."""
    if LEARNED_COLUMN not in table:
        return table
    learned = was_learned(table)
    return table if learned.all() else table[~learned]

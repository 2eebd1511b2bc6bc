"""How far the reader and the network agree, beyond chance, and how that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.language import marked
from fracture_widgets.evaluation.metrics import Estimate, bootstrap_interval, cohen_kappa
from fracture_widgets.parts import Verdict
from fracture_widgets.records.saved_result import READER_VERDICTS, SavedResult

WINDOW = 30
"""Over how many readings each point of the course is computed, at most."""

_FEWEST = 10
_MOST_POINTS = 80
_DRAWS = 1000
_FRACTURE = READER_VERDICTS.index(Verdict.FRACTURE)
# The words of Landis and Koch, Biometrics 33:159, 1977.
_WORDS = (
    (0.0, marked("poor")),
    (0.2, marked("slight")),
    (0.4, marked("fair")),
    (0.6, marked("moderate")),
    (0.8, marked("substantial")),
)

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of the reader's verdicts against the network's."""

    verdicts: Estimate
    fracture: Estimate
    same: int
    course: tuple[tuple[datetime, float], ...]

    @property
    def n(self) -> int:
        """How many results were read."""
        return self.verdicts.n

    @classmethod
    def of(cls, rows: Sequence[SavedResult]) -> Agreement:
        """Return the agreement over rows on which both conclude something."""
        read = sorted(rows, key=lambda row: (row.read_at or row.saved_at, row.id))
        reader = np.array([_code(row.reader_verdict) for row in read], dtype=np.intp)
        network = np.array([_code(row.verdict) for row in read], dtype=np.intp)
        groups = np.array([row.sha256 for row in read], dtype="U64")
        return cls(
            verdicts=bootstrap_interval(cohen_kappa, reader, network, groups=groups, n=_DRAWS),
            fracture=bootstrap_interval(
                cohen_kappa, reader == _FRACTURE, network == _FRACTURE, groups=groups, n=_DRAWS
            ),
            same=int((reader == network).sum()),
            course=tuple(_course(read, reader, network)),
        )


def in_words(kappa: float) -> str:
    """Say how much agreement a kappa is, in the words of Landis and Koch."""
    if np.isnan(kappa):
        return marked("not defined")
    return next((word for most, word in _WORDS if kappa <= most), marked("almost perfect"))


def _course(
    read: Sequence[SavedResult], reader: Codes, network: Codes
) -> list[tuple[datetime, float]]:
    points = min(_MOST_POINTS, max(0, len(read) - _FEWEST + 1))
    course = []
    for end in np.unique(np.linspace(_FEWEST, len(read), points).astype(int)).tolist():
        last = slice(max(0, end - WINDOW), end)
        kappa = cohen_kappa(reader[last], network[last])
        if not np.isnan(kappa):
            course.append((read[end - 1].read_at or read[end - 1].saved_at, kappa))
    return course


def _code(verdict: Verdict | None) -> int:
    assert verdict is not None
    return READER_VERDICTS.index(verdict)

"""What a session's readings are worth, and the network's answers to the same cases beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.language import marked
from fracture_widgets.evaluation.calibration import wilson_interval
from fracture_widgets.evaluation.metrics import (
    Estimate,
    accuracy,
    always_normal_baseline,
    auroc,
    bootstrap_interval,
    cohen_kappa,
    sensitivity,
    specificity,
)
from fracture_widgets.parts import FRACTURED, NORMAL, Verdict
from fracture_widgets.reading_room.session import LEVELS, Reading


@dataclass(frozen=True)
class OperatingPoint:
    """Three answers made into two, compared with the truth."""

    sensitivity: Estimate
    specificity: Estimate
    accuracy: Estimate
    kappa: Estimate


@dataclass(frozen=True, eq=False)
class Performance:
    """How well one reader, or the network, read some cases: doubt as fractured, and as normal."""

    cautious: OperatingPoint
    sure: OperatingPoint
    auroc: Estimate
    positive: npt.NDArray[np.bool_]
    score: npt.NDArray[np.float64]

    @property
    def fractured(self) -> int:
        """How many of the cases are fractured."""
        return int(self.positive.sum())


@dataclass(frozen=True, eq=False)
class SessionScore:
    """The score of some readings."""

    n: int
    patients: int
    fractured: int
    baseline: float
    reader: Performance
    network: Performance | None
    refused: int
    agreement: Estimate | None
    to_mark: int
    marked: int
    hits: int

    @property
    def readers(self) -> dict[str, Performance]:
        """The reader, and the network where it answered, each with its name."""
        network = {} if self.network is None else {marked("The network"): self.network}
        return {marked("You"): self.reader, **network}


def score_readings(readings: Sequence[Reading], *, resamples: int = 1000) -> SessionScore | None:
    """Score readings whose answers were shown; the others are passed over."""
    done = [reading for reading in readings if reading.revealed and reading.verdict is not None]
    if not done:
        return None
    truth = np.array([reading.truth for reading in done])
    groups = np.array([reading.group for reading in done])
    levels = np.array([_level(reading.verdict) for reading in done])
    answered = [
        place for place, reading in enumerate(done) if reading.network_probability is not None
    ]
    interval = partial(bootstrap_interval, n=resamples)
    network = agreement = None
    if answered:
        theirs = np.array([_level(done[place].network_verdict) for place in answered])
        given = np.array([done[place].network_probability for place in answered], dtype=float)
        network = _performance(truth[answered], theirs, given, groups[answered], interval)
        agreement = _certain_of_nothing(
            interval(cohen_kappa, theirs, levels[answered], groups=groups[answered])
        )
    suspected = [reading for reading in done
                 if reading.boxes and reading.verdict is not Verdict.NONE_SEEN]  # fmt: skip
    return SessionScore(
        n=len(done),
        patients=len(set(groups.tolist())),
        fractured=int((truth == FRACTURED).sum()),
        baseline=always_normal_baseline(truth),
        reader=_performance(truth, levels, levels.astype(float), groups, interval),
        network=network,
        refused=len(done) - len(answered),
        agreement=agreement,
        to_mark=len(suspected),
        marked=sum(reading.mark is not None for reading in suspected),
        hits=sum(reading.on_fracture is True for reading in suspected),
    )


def _performance(
    truth: npt.NDArray[Any],
    levels: npt.NDArray[Any],
    score: npt.NDArray[np.float64],
    groups: npt.NDArray[Any],
    interval: Callable[..., Estimate],
) -> Performance:
    positive = truth == FRACTURED

    def at(least: int) -> OperatingPoint:
        called = np.where(levels >= least, FRACTURED, NORMAL)
        return OperatingPoint(
            sensitivity=_share(sensitivity(truth, called), groups[positive]),
            specificity=_share(specificity(truth, called), groups[~positive]),
            accuracy=_share(accuracy(truth, called), groups),
            kappa=_certain_of_nothing(interval(cohen_kappa, truth, called, groups=groups)),
        )

    return Performance(
        cautious=at(1),
        sure=at(2),
        auroc=_certain_of_nothing(interval(auroc, positive, score, groups=groups)),
        positive=positive,
        score=score,
    )


def _share(value: float, groups: npt.NDArray[Any]) -> Estimate:
    """Return a share with the interval of Wilson, each patient counting once."""
    patients = len(set(groups.tolist()))
    if not patients:
        return Estimate(float("nan"), float("nan"), float("nan"), 0, 0)
    low, high = (float(end) for end in wilson_interval(value * patients, patients))
    return Estimate(value, low, high, len(groups), patients)


def _certain_of_nothing(estimate: Estimate) -> Estimate:
    """Leave an interval without extent out: all draws were alike, which says nothing."""
    if estimate.low == estimate.high:
        return replace(estimate, low=float("nan"), high=float("nan"))
    return estimate


def _level(verdict: Verdict | None) -> int:
    assert verdict is not None
    return LEVELS.index(verdict)

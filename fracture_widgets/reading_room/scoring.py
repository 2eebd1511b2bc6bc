"""What a session's readings are worth, and the network's answers to the same cases beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

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

__all__ = ["OperatingPoint", "Performance", "SessionScore", "score_readings"]


@dataclass(frozen=True)
class OperatingPoint:
    """Three answers made into two, compared with the truth."""

    doubt_counts_as: str
    sensitivity: Estimate
    specificity: Estimate
    accuracy: Estimate
    kappa: Estimate


@dataclass(frozen=True, eq=False)
class Performance:
    """How well one reader, or the network, read some cases."""

    cautious: OperatingPoint
    sure: OperatingPoint
    auroc: Estimate
    positive: npt.NDArray[np.bool_]
    score: npt.NDArray[np.float64]
    groups: npt.NDArray[Any]


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


def score_readings(readings: Sequence[Reading], *, resamples: int = 1000) -> SessionScore | None:
    """Score readings whose answers were shown; the others are passed over."""
    done = [one for one in readings if one.revealed and one.verdict is not None]
    if not done:
        return None
    truth = np.array([one.truth for one in done])
    groups = np.array([one.group for one in done])
    levels = np.array([_level(one.verdict) for one in done])
    interval = partial(bootstrap_interval, n=resamples)
    answered = np.array([one.network is not None and one.network.probability is not None
                         for one in done])  # fmt: skip
    network = agreement = None
    if answered.any():
        said = [one.network for one in done if one.network and one.network.probability is not None]
        theirs = np.array([_level(one.verdict) for one in said])
        given = np.array([one.probability for one in said], dtype=float)
        network = _performance(truth[answered], theirs, given, groups[answered], interval)
        agreement = _certain_of_nothing(
            interval(cohen_kappa, theirs, levels[answered], groups=groups[answered])
        )
    suspected = [one for one in done if one.boxes and one.verdict is not Verdict.NONE_SEEN]
    return SessionScore(
        n=len(done),
        patients=len(set(groups.tolist())),
        fractured=int((truth == FRACTURED).sum()),
        baseline=always_normal_baseline(truth),
        reader=_performance(truth, levels, levels.astype(float), groups, interval),
        network=network,
        refused=int((~answered).sum()),
        agreement=agreement,
        to_mark=len(suspected),
        marked=sum(one.mark is not None for one in suspected),
        hits=sum(one.on_fracture is True for one in suspected),
    )


def _performance(
    truth: npt.NDArray[Any],
    levels: npt.NDArray[Any],
    score: npt.NDArray[np.float64],
    groups: npt.NDArray[Any],
    interval: Callable[..., Estimate],
) -> Performance:
    positive = truth == FRACTURED

    def at(least: int, doubt_counts_as: str) -> OperatingPoint:
        called = np.where(levels >= least, FRACTURED, NORMAL)
        return OperatingPoint(
            doubt_counts_as,
            sensitivity=_share(sensitivity(truth, called), groups[positive]),
            specificity=_share(specificity(truth, called), groups[~positive]),
            accuracy=_share(accuracy(truth, called), groups),
            kappa=_certain_of_nothing(interval(cohen_kappa, truth, called, groups=groups)),
        )

    return Performance(
        cautious=at(1, FRACTURED),
        sure=at(2, NORMAL),
        auroc=_certain_of_nothing(interval(auroc, positive, score, groups=groups)),
        positive=positive,
        score=score,
        groups=groups,
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

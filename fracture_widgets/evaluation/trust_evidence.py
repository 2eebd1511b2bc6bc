"""Answers out of fold, and from them calibration, operating points and what they are worth.

The sets of answers are class-conditional (Mondrian) split conformal prediction: Vovk, *Asian
Conference on Machine Learning* 2012; Angelopoulos and Bates, *Foundations and Trends in Machine
Learning* 16:494, 2023.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.tables import read_frame, write_frame
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.calibration import (
    Fit,
    cross_fitted,
    expected_calibration_error,
    fit_calibration,
    log_loss,
)
from fracture_widgets.evaluation.curves import threshold_of_sensitivity, threshold_of_specificity
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval, estimate_text, share
from fracture_widgets.evaluation.scores import by_part
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.models.trust import OTHER_POINTS, SENSITIVE, Calibration, OperatingPoint
from fracture_widgets.parts import BODY_PARTS, FRACTURED, LABELS, NORMAL, Verdict

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_COLUMNS = (
    *("image_id", "joint_index", "study", "holder", "view", "hardware", "body_part", "label"),
    *("run", *BODY_PARTS, "fracture_probability", "cascade_probability"),
)
_NEEDED = ("study", "body_part", "label", "run", "fracture_probability")
_PROMISED: Mapping[OperatingPoint, float] = {"sensitive": 0.95, "balanced": 0.9}
"""Which share of the fractured, and of the normal, an operating point keeps."""

_MOST = 0.04
"""How much more than that is asked at most: to 0.99, above which a handful decide."""

_PEER_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
_FEWEST_PEERS = 25
_MISSES = (0.05, 0.1)
_DIGITS = 4


def _isotonic(truth: Flags, score: Floats) -> Any:
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, truth)
    return steps.predict


_FITS: Mapping[str, Fit] = {
    "as it is": lambda _truth, _score: Calibration(),
    "temperature": lambda truth, score: fit_calibration(truth, score, offset=False),
    "Platt": fit_calibration,
    "isotonic": _isotonic,
}
_SMOOTH = ("as it is", "temperature", "Platt")
"""What may ship: isotonic steps give different radiographs one score, and cost AUROC."""


def save_predictions(path: Path, judged: pd.DataFrame) -> None:
    """Write answers as CSV, probabilities to six digits."""
    write_frame(path, judged[[name for name in _COLUMNS if name in judged]].round(6))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read answers that :func:`save_predictions` wrote."""
    try:
        table = read_frame(path)
    except FileNotFoundError:
        raise DatasetError(
            f"{path.name} was not found: name a file of answers out of fold, as "
            "fracture-widgets train cascade writes it."
        ) from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path.name} cannot be read as a table ({error}).") from error
    if missing := [name for name in _NEEDED if name not in table]:
        raise DatasetError(
            f"{path.name} lacks the column {missing[0]}: choose a file of answers out of fold."
        )
    probability = pd.to_numeric(table["fracture_probability"], errors="coerce")
    known = table["body_part"].isin(BODY_PARTS) & table["label"].isin(LABELS)
    wrong = ~(known & probability.between(0.0, 1.0))
    if wrong.any():
        raise DatasetError(
            f"{path.name} has no valid part, label and probability in line "
            f"{int(wrong.to_numpy().argmax()) + 2}: correct it, or make the file again."
        )
    return table


def trust_section(predictions: pd.DataFrame, *, resamples: int = 2000) -> dict[str, Any]:
    """Fit and measure, part by part, what makes an answer one to trust."""
    return {
        "fitted_on": "answers out of fold of the train split, by networks that learned from the "
        "other folds",
        "measured": "fold by fold, by a fit on the other folds",
        "promised": _both(_PROMISED[SENSITIVE]),
        "parts": {
            part: _Part(part, rows, resamples).section() for part, rows in by_part(predictions)
        },
    }


def trust_table(section: Mapping[str, Any]) -> str:
    """Return a card's section on trust as a table to read, part by part."""
    return "\n\n".join("\n".join(_lines(name, part)) for name, part in section["parts"].items())


def calibrated_out_of_fold(predictions: pd.DataFrame) -> pd.Series:
    """Return each radiograph's probability, calibrated by a fit on the other folds."""
    calibrated = [
        pd.Series(_Part(part, rows).measured, index=rows.index)
        for part, rows in by_part(predictions)
    ]
    return pd.concat(calibrated).reindex(predictions.index)


def doubt_band(
    positive: npt.ArrayLike,
    calibrated: npt.ArrayLike,
    *,
    sensitivity: float = _PROMISED[SENSITIVE],
    specificity: float = _PROMISED[SENSITIVE],
) -> DoubtBand:
    """Choose the two limits that keep so much on what is given."""
    low = threshold_of_sensitivity(positive, calibrated, sensitivity)
    high = threshold_of_specificity(positive, calibrated, specificity)
    low = math.floor(low * 10**_DIGITS) / 10**_DIGITS
    # Without such a threshold nothing is ever called a fracture for sure.
    high = 1.0 if high is None else min(1.0, math.ceil(high * 10**_DIGITS) / 10**_DIGITS)
    return DoubtBand(min(low, high), high)


def conformal_limits(
    positive: npt.ArrayLike, probability: npt.ArrayLike, *, miss: float = 0.05
) -> tuple[float, float]:
    """Return from where fractured is possible, and up to where normal: each is missed so seldom."""
    if not 0.0 < miss < 1.0:
        raise ValueError(f"miss lies between 0 and 1. Received: {miss}")
    truth, score = np.asarray(positive, dtype=bool), np.asarray(probability, dtype=np.float64)

    def quantile(nonconformity: Floats) -> float:
        rank = math.ceil((len(nonconformity) + 1) * (1.0 - miss))
        return float(np.sort(nonconformity)[rank - 1]) if rank <= len(nonconformity) else 1.0

    return 1.0 - quantile(1.0 - score[truth]), quantile(score[~truth])


class _Part:
    """A body part's answers, and what each method makes of them by fits on the other folds."""

    def __init__(self, name: str, rows: pd.DataFrame, resamples: int = 0) -> None:
        self.truth: Flags = (rows["label"] == FRACTURED).to_numpy(dtype=bool)
        self.score: Floats = rows["fracture_probability"].to_numpy(dtype=np.float64)
        self.fold, self.study, self.resamples = rows["run"], rows["study"], resamples
        for fold in self.fold.unique():
            if rows.loc[self.fold != fold, "label"].nunique() < len(LABELS):
                raise ValueError(
                    f"Without {fold}, there is no {name} with, or none without, a fracture; each "
                    "fold's complement needs both."
                )
        self.ways: dict[str, Floats] = {
            way: cross_fitted(self.truth, self.score, self.fold, fit) for way, fit in _FITS.items()
        }
        # The smooth one whose fit on the other folds surprises least.
        self.method = min(_SMOOTH, key=lambda way: log_loss(self.truth, self.ways[way]))
        self.measured = self.ways[self.method]

    def section(self) -> dict[str, Any]:
        """Return what the card says of it."""
        calibration = _FITS[self.method](self.truth, self.score)
        assert isinstance(calibration, Calibration)
        calibrated = calibration(self.score)
        points = {
            point: self._at_point(calibrated, promised) for point, promised in _PROMISED.items()
        }
        return {
            "n": len(self.truth),
            "fractured": int(self.truth.sum()),
            "studies": int(self.study.nunique()),
            "prevalence": round(float(self.truth.mean()), _DIGITS),
            "calibration": {
                "method": self.method,
                "slope": round(calibration.slope, 6),
                "intercept": round(calibration.intercept, 6),
            },
            "calibration_error": self._of_ways(_calibration_error),
            "log_loss": self._of_ways(log_loss),
            "auroc": self._estimate(auroc, self.truth, self.measured),
            **points[SENSITIVE],
            "conformal": [self._conformal(miss) for miss in _MISSES],
            "peers": _peers(self.truth, self.measured),
            OTHER_POINTS: {
                point: {"promised": _both(_PROMISED[point]), **figures}
                for point, figures in points.items()
                if point != SENSITIVE
            },
        }

    def _estimate(
        self, metric: Callable[..., float], *arrays: npt.NDArray[Any]
    ) -> dict[str, float | int | None]:
        interval = bootstrap_interval(metric, *arrays, groups=self.study, n=self.resamples)
        return interval.to_dict()

    def _of_ways(self, metric: Callable[..., float]) -> dict[str, Any]:
        return {name: self._estimate(metric, self.truth, way) for name, way in self.ways.items()}

    def _at_point(self, calibrated: Floats, promised: float) -> dict[str, Any]:
        """Choose limits that keep what is promised, and say what they are worth on other folds."""
        truth, aims = self.truth, self._aims(promised)
        verdicts = self._verdicts(**aims)
        band = doubt_band(truth, calibrated, **aims)
        return {
            "asked": aims,
            "band": {"low": band.low, "high": band.high},
            "sensitivity": self._estimate(share, truth, verdicts != Verdict.NONE_SEEN),
            "specificity": self._estimate(share, ~truth, verdicts != Verdict.FRACTURE),
            "doubt": self._estimate(share, np.ones_like(truth), verdicts == Verdict.DOUBT),
            "verdicts": {
                str(verdict): {
                    "n": int((verdicts == verdict).sum()),
                    "fractured": int((truth & (verdicts == verdict)).sum()),
                    "share_fractured": self._estimate(share, verdicts == verdict, truth),
                }
                for verdict in (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN)
            },
        }

    def _aims(self, promised: float) -> dict[str, float]:
        """Choose as little more than the promise as keeps it on folds that had no say."""
        verdicts = {
            aim: self._verdicts(sensitivity=aim, specificity=aim)
            for aim in (round(promised + _MOST * step / 8, 3) for step in range(9))
        }

        def least(whole: Flags, unwanted: Verdict) -> float:
            kept = (aim for aim, v in verdicts.items() if share(whole, v != unwanted) >= promised)
            return next(kept, promised)

        return {
            "sensitivity": least(self.truth, Verdict.NONE_SEEN),
            "specificity": least(~self.truth, Verdict.FRACTURE),
        }

    def _verdicts(self, **aims: float) -> npt.NDArray[Any]:
        def fit(truth: Flags, score: Floats) -> Callable[[Floats], npt.NDArray[Any]]:
            band = doubt_band(truth, score, **aims)
            return lambda scores: np.array([band.verdict(score) for score in scores], dtype=object)

        return cross_fitted(self.truth, self.measured, self.fold, fit)

    def _conformal(self, miss: float) -> dict[str, Any]:
        def fit(truth: Flags, score: Floats) -> Callable[[Floats], npt.NDArray[Any]]:
            low, high = conformal_limits(truth, score, miss=miss)
            return lambda scores: np.stack([scores >= low, scores <= high], axis=1)

        possible = cross_fitted(self.truth, self.measured, self.fold, fit)
        size, everyone = possible.sum(axis=1), np.ones_like(self.truth)
        fractured_from, normal_up_to = conformal_limits(self.truth, self.measured, miss=miss)
        return {
            "miss": miss,
            "fractured_from": round(fractured_from, _DIGITS),
            "normal_up_to": round(normal_up_to, _DIGITS),
            "coverage": {
                FRACTURED: self._estimate(share, self.truth, possible[:, 0]),
                NORMAL: self._estimate(share, ~self.truth, possible[:, 1]),
            },
            "sizes": {
                name: self._estimate(share, everyone, size == count)
                for name, count in (("both", 2), ("one", 1), ("neither", 0))
            },
        }


def _both(promised: float) -> dict[str, float]:
    return {"sensitivity": promised, "specificity": promised}


def _calibration_error(truth: Flags, calibrated: Floats) -> float:
    return expected_calibration_error(truth, calibrated, bins=10, strategy="quantile")


def _peers(truth: Flags, calibrated: Floats) -> list[dict[str, Any]]:
    """Group radiographs of about one score, as finely as leaves enough in each group."""
    groups: list[dict[str, Any]] = []
    low, count, fractured = 0.0, 0, 0
    for begins, ends in pairwise((0.0, *_PEER_EDGES, 1.0)):
        within = (calibrated >= begins) & ((calibrated < ends) | (ends == 1.0))
        count += int(within.sum())
        fractured += int((within & truth).sum())
        if count >= _FEWEST_PEERS:
            groups.append({"from": low, "to": ends, "n": count, "fractured": fractured})
            low, count, fractured = ends, 0, 0
    if low < 1.0 and groups:  # too few are left at the top: they join those below
        last = groups[-1]
        last.update(to=1.0, n=last["n"] + count, fractured=last["fractured"] + fractured)
    elif low < 1.0:
        groups.append({"from": 0.0, "to": 1.0, "n": count, "fractured": fractured})
    return groups


def _lines(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    line = part["calibration"]
    yield (
        f"{name}: n {part['n']} of {part['studies']} studies, {part['fractured']} fractured "
        f"(always normal is right in {1 - part['prevalence']:.3f})"
    )
    yield (
        f"  calibration    {line['method']}: slope {line['slope']:.3f}, "
        f"intercept {line['intercept']:+.3f}"
    )
    for method, error in part["calibration_error"].items():
        loss = estimate_text(part["log_loss"][method])
        yield f"    {method:12} ECE {estimate_text(error)}, log loss {loss}"
    yield f"  AUROC          {estimate_text(part['auroc'])}"
    for point, figures in {SENSITIVE: part, **part[OTHER_POINTS]}.items():
        yield from _point_lines(point, figures)
    for sets in part["conformal"]:
        coverage, sizes = sets["coverage"], sets["sizes"]
        yield (
            f"  conformal, at most {sets['miss']:.0%} missed: covers fractured "
            f"{estimate_text(coverage[FRACTURED])}, normal {estimate_text(coverage[NORMAL])}; "
            f"both possible {estimate_text(sizes['both'])}, "
            f"neither {estimate_text(sizes['neither'])}"
        )


def _point_lines(name: str, point: Mapping[str, Any]) -> Iterator[str]:
    band, asked = point["band"], point["asked"]
    yield f"  {name:13}  none seen below {band['low']:.3f}, fracture from {band['high']:.3f}"
    wanted = ", ".join(f"{name} {asked[name]:g}" for name in ("sensitivity", "specificity"))
    yield f"    asked for       {wanted}"
    yield f"    sensitivity of 'not none seen'  {estimate_text(point['sensitivity'])}"
    yield f"    specificity of 'fracture'       {estimate_text(point['specificity'])}"
    yield f"    doubt                           {estimate_text(point['doubt'])}"
    for verdict, row in point["verdicts"].items():
        yield (
            f"    {verdict:10} n {row['n']:4}, {row['fractured']:3} fractured: "
            f"{estimate_text(row['share_fractured'])}"
        )

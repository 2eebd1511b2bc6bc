"""From answers out of fold to calibration, operating points and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.evaluation.calibration import (
    Fit,
    cross_fitted,
    expected_calibration_error,
    fit_calibration,
    log_loss,
)
from fracture_widgets.evaluation.conformal import fit_conformal
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval
from fracture_widgets.evaluation.operating_points import (
    threshold_of_sensitivity,
    threshold_of_specificity,
)
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.models.trust import Calibration
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL, Verdict, parts_among

__all__ = ["Aims", "calibrated_out_of_fold", "doubt_band", "trust_section"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_PROMISED = 0.95
_ASKED = tuple(round(_PROMISED + step / 200, 3) for step in range(9))
"""0.95 to 0.99. Above that it is a handful of radiographs that decide."""

_PEER_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
_FEWEST_PEERS = 25
_MISSES = (0.05, 0.1)
_DIGITS = 4

_TEMPERATURE, _PLATT, _ISOTONIC, _AS_IS = "temperature", "Platt", "isotonic", "as it is"
_SMOOTH = (_AS_IS, _TEMPERATURE, _PLATT)
"""What may ship: isotonic steps give different radiographs one score, and cost AUROC."""


@dataclass(frozen=True)
class Aims:
    """What the two operating points are asked to keep where they are chosen."""

    sensitivity: float = _PROMISED
    specificity: float = _PROMISED


def trust_section(predictions: pd.DataFrame, *, resamples: int = 2000) -> dict[str, Any]:
    """Fit and measure, part by part, what makes an answer one to trust."""
    return {
        "fitted_on": "answers out of fold of the train split, by networks that learned from the "
        "other folds",
        "measured": "fold by fold, by a fit on the other folds",
        "promised": {"sensitivity": _PROMISED, "specificity": _PROMISED},
        "parts": {part: _part(rows, resamples) for part, rows in _by_part(predictions)},
    }


def calibrated_out_of_fold(predictions: pd.DataFrame) -> pd.Series:
    """Return each radiograph's probability, calibrated by a fit on the other folds."""
    return pd.concat(
        [
            pd.Series(
                cross_fitted(_is_so(rows), _said(rows), rows["run"], _fits()[_chosen_method(rows)]),
                index=rows.index,
            )
            for _, rows in _by_part(predictions)
        ]
    ).reindex(predictions.index)


def doubt_band(
    positive: npt.ArrayLike, calibrated: npt.ArrayLike, aims: Aims | None = None
) -> DoubtBand:
    """Choose the two operating points on what is given."""
    aims = aims or Aims()
    low = threshold_of_sensitivity(positive, calibrated, aims.sensitivity)
    high = threshold_of_specificity(positive, calibrated, aims.specificity)
    low = math.floor(low * 10**_DIGITS) / 10**_DIGITS
    # Without such a threshold nothing is ever called a fracture for sure.
    high = 1.0 if high is None else min(1.0, math.ceil(high * 10**_DIGITS) / 10**_DIGITS)
    return DoubtBand(min(low, high), high)


def _checked(part: str, rows: pd.DataFrame) -> None:
    for fold in rows["run"].unique():
        elsewhere = rows[rows["run"] != fold]
        if elsewhere["label"].nunique() < len(LABELS):
            raise ValueError(
                f"Without {fold}, there is no {part} with, or none without, a fracture; each "
                "fold's complement needs both."
            )


def _part(rows: pd.DataFrame, resamples: int) -> dict[str, Any]:
    _checked(str(rows["body_part"].iloc[0]), rows)
    is_so, said, fold, study = _is_so(rows), _said(rows), rows["run"], rows["study"]

    def estimate(metric: Any, *arrays: npt.ArrayLike) -> dict[str, Any]:
        return bootstrap_interval(metric, *arrays, groups=study, n=resamples).to_dict()

    method = _chosen_method(rows)
    ways = {name: cross_fitted(is_so, said, fold, fit) for name, fit in _fits().items()}
    measured = ways[method]
    calibration = _fits()[method](is_so, said)
    assert isinstance(calibration, Calibration)
    calibrated = calibration(said)
    aims = _aims(is_so, measured, fold)
    verdicts = _verdicts_out_of_fold(is_so, measured, fold, aims)
    band = doubt_band(is_so, calibrated, aims)
    return {
        "n": len(rows),
        "fractured": int(is_so.sum()),
        "studies": int(study.nunique()),
        "prevalence": round(float(is_so.mean()), _DIGITS),
        "calibration": {
            "method": method,
            "slope": round(calibration.slope, 6),
            "intercept": round(calibration.intercept, 6),
        },
        "calibration_error": {
            name: estimate(_calibration_error, is_so, way) for name, way in ways.items()
        },
        "log_loss": {name: estimate(log_loss, is_so, way) for name, way in ways.items()},
        "auroc": estimate(auroc, is_so, measured),
        "asked": asdict(aims),
        "band": {"low": band.low, "high": band.high},
        "sensitivity": estimate(_share, is_so, verdicts != Verdict.NONE_SEEN),
        "specificity": estimate(_share, ~is_so, verdicts != Verdict.FRACTURE),
        "doubt": estimate(_share, np.ones_like(is_so), verdicts == Verdict.DOUBT),
        "verdicts": {
            str(verdict): {
                "n": int((verdicts == verdict).sum()),
                "fractured": int((is_so & (verdicts == verdict)).sum()),
                "share_fractured": estimate(_share, verdicts == verdict, is_so),
            }
            for verdict in (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN)
        },
        "conformal": [_conformal(is_so, measured, fold, miss, estimate) for miss in _MISSES],
        "peers": _peers(is_so, measured),
    }


def _peers(is_so: Flags, calibrated: Floats) -> list[dict[str, Any]]:
    """Group radiographs of about one score, as finely as leaves enough in each group."""
    groups: list[dict[str, Any]] = []
    low, count, fractured = 0.0, 0, 0
    for begins, ends in pairwise((0.0, *_PEER_EDGES, 1.0)):
        within = (calibrated >= begins) & ((calibrated < ends) | (ends == 1.0))
        count += int(within.sum())
        fractured += int((within & is_so).sum())
        if count >= _FEWEST_PEERS:
            groups.append({"from": low, "to": ends, "n": count, "fractured": fractured})
            low, count, fractured = ends, 0, 0
    if low < 1.0 and groups:  # too few are left at the top: they join those below
        last = groups[-1]
        last.update(to=1.0, n=last["n"] + count, fractured=last["fractured"] + fractured)
    elif low < 1.0:
        groups.append({"from": 0.0, "to": 1.0, "n": count, "fractured": fractured})
    return groups


def _aims(is_so: Flags, calibrated: Floats, fold: pd.Series) -> Aims:
    """Ask for as little more than the promise as keeps it on folds that had no say."""
    asked = [Aims(share, share) for share in _ASKED]
    verdicts = [_verdicts_out_of_fold(is_so, calibrated, fold, aims) for aims in asked]

    def least(whom: Flags, unwanted: Verdict) -> float:
        for share, given in zip(_ASKED, verdicts, strict=True):
            if _share(whom, given != unwanted) >= _PROMISED:
                return share
        return _PROMISED

    return Aims(least(is_so, Verdict.NONE_SEEN), least(~is_so, Verdict.FRACTURE))


def _verdicts_out_of_fold(
    is_so: Flags, calibrated: Floats, fold: pd.Series, aims: Aims
) -> npt.NDArray[Any]:
    verdicts = np.empty(len(is_so), dtype=object)
    for here in _folds(fold):
        band = doubt_band(is_so[~here], calibrated[~here], aims)
        verdicts[here] = [band.verdict(one) for one in calibrated[here]]
    return verdicts


def _conformal(
    is_so: Flags, calibrated: Floats, fold: pd.Series, miss: float, estimate: Any
) -> dict[str, Any]:
    may_be = {FRACTURED: np.empty_like(is_so), NORMAL: np.empty_like(is_so)}
    for here in _folds(fold):
        sets = fit_conformal(is_so[~here], calibrated[~here], miss=miss)
        for label, possible in sets.possible(calibrated[here]).items():
            may_be[label][here] = possible
    size = may_be[FRACTURED].astype(int) + may_be[NORMAL]
    everyone = np.ones_like(is_so)
    shipped = fit_conformal(is_so, calibrated, miss=miss)
    return {
        "miss": miss,
        "fractured_from": round(shipped.fractured_from, _DIGITS),
        "normal_up_to": round(shipped.normal_up_to, _DIGITS),
        "coverage": {
            FRACTURED: estimate(_share, is_so, may_be[FRACTURED]),
            NORMAL: estimate(_share, ~is_so, may_be[NORMAL]),
        },
        "sizes": {
            name: estimate(_share, everyone, size == count)
            for name, count in (("both", 2), ("one", 1), ("neither", 0))
        },
    }


def _fits() -> Mapping[str, Fit]:
    return {
        _AS_IS: lambda _is_so, _said: Calibration(),
        _TEMPERATURE: lambda is_so, said: fit_calibration(is_so, said, offset=False),
        _PLATT: fit_calibration,
        _ISOTONIC: _isotonic,
    }


def _isotonic(is_so: Flags, said: Floats) -> Any:
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(said, is_so)
    return steps.predict


def _chosen_method(rows: pd.DataFrame) -> str:
    """Return the smooth method whose fit on the other folds surprises least."""
    is_so, said = _is_so(rows), _said(rows)
    return min(
        _SMOOTH,
        key=lambda name: log_loss(is_so, cross_fitted(is_so, said, rows["run"], _fits()[name])),
    )


def _by_part(predictions: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for part in parts_among(predictions["body_part"]):
        yield part, predictions[predictions["body_part"] == part]


def _is_so(rows: pd.DataFrame) -> Flags:
    flags: Flags = (rows["label"] == FRACTURED).to_numpy(dtype=bool)
    return flags


def _said(rows: pd.DataFrame) -> Floats:
    return rows["fracture_probability"].to_numpy(dtype=np.float64)


def _folds(fold: pd.Series) -> Iterator[Flags]:
    for name in fold.unique():
        yield (fold == name).to_numpy()


def _share(whom: Flags, what: Flags) -> float:
    return float(what[whom].mean()) if whom.any() else float("nan")


def _calibration_error(is_so: Flags, calibrated: Floats) -> float:
    return expected_calibration_error(is_so, calibrated, bins=10, strategy="quantile")

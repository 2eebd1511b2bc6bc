"""Fit the gate of a network that looks twice, and measure what it keeps out and lets pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.evaluation.metrics import rate
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.gate import INVERTED_HEAD, RADIOGRAPH_HEAD, gate_features
from fracture_widgets.models.looks import NO_JOINT, TURNED, TwoLooks
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.outliers import Sample
from fracture_widgets.training.recipes.looks.radiographs import (
    DRAWN,
    LIMB,
    OTHER,
    LabelledRadiograph,
    Run,
)
from fracture_widgets.training.recipes.looks.views import JOINT, WHOLE, ViewRequest, draw

WHOLE_LIMB, CROPPED, LEG, PHANTOM = "whole limb", "joint, cropped", "leg or hip", "drawn radiograph"
_VARIED = "varied"
"""What a radiograph is after the training's own changes of framing and greys."""

_MOST = 400
_SIDE = 384
_FOLDS = 5
_KEPT = 0.997
"""Share of radiographs out of fold that a head leaves alone."""
_STRENGTHS = (1e-4, 1e-3, 1e-2)
_MARGINS = (0.02, 0.3)

Features = npt.NDArray[np.float32]


def fit_gate(
    run: Run, others: Iterable[Sample], model: TwoLooks, monitor: Monitor = SILENT
) -> tuple[Weights, dict[str, Any]]:
    """Fit both heads on what a run learned from and on other pictures; return them and figures."""
    radiographs = list(chain(_radiographs(run.learned), _varied(run.learned)))
    beside = list(others)
    upright = _features(radiographs, model, monitor, "upright radiographs")
    dark = _features(radiographs, model, monitor, "inverted radiographs", inverted=True)
    strange = [
        _features(beside, model, monitor, f"other pictures{words}", inverted=inverted)
        for inverted, words in ((False, ""), (True, ", inverted"))
    ]
    groups, strange_groups = (
        [picture.study for picture in pictures] for pictures in (radiographs, beside)
    )
    is_radiograph = _fit_head(upright, np.concatenate(strange), groups, strange_groups * 2)
    is_upright = _fit_head(upright, dark, groups, groups)
    weights = {
        f"{RADIOGRAPH_HEAD}/kernel": is_radiograph.kernel,
        f"{RADIOGRAPH_HEAD}/bias": is_radiograph.bias,
        f"{INVERTED_HEAD}/kernel": -is_upright.kernel,
        f"{INVERTED_HEAD}/bias": -is_upright.bias,
    }
    # A picture that is no radiograph and passes is answered where a joint is found on it.
    passed = is_radiograph.outside[: len(beside)] >= 0.0
    rows = [
        _outcome(picture, model)
        if passes
        else {**_REFUSED, "kind": picture.kind, "group": picture.study}
        for picture, passes in zip(beside, passed, strict=True)
    ]
    figures = {
        "fitted_on": f"{len(radiographs)} radiographs, as they are and varied, their inverted "
        f"twins, and {len(beside)} other pictures",
        "measured": "radiographs that nothing was learned from; other pictures by heads that were "
        "taught nothing of their file or kind",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies or files",
        "turned_wrongly": rate(is_upright.inside < 0.0, groups).to_dict(),
        "turned_rightly": rate(is_upright.outside < 0.0, groups).to_dict(),
        "kinds": _figures(pd.DataFrame(rows)),
    }
    return weights, figures


_REFUSED = {"answered": False, "no_radiograph": True, "no_joint": False, "turned": False}
"""What becomes of a picture that is no radiograph."""


@dataclass(frozen=True, eq=False)
class _Head:
    """A head, and its log-odds out of fold of what it keeps and of what it keeps out."""

    kernel: Features
    bias: Features
    inside: npt.NDArray[np.float64]
    outside: npt.NDArray[np.float64]


def _fit_head(
    inside: Features, outside: Features, groups: Sequence[str], outside_groups: Sequence[str]
) -> _Head:
    """Fit a head that is 0 or more inside, its limit chosen on folds that keep groups together."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    both = np.concatenate([inside, outside]).astype(np.float64)
    kept = np.repeat([True, False], [len(inside), len(outside)])
    together = np.array([*groups, *outside_groups])

    def out_of_fold(strength: float) -> tuple[float, float, Any, Any]:
        fitted = make_pipeline(
            StandardScaler(),
            LogisticRegression(C=strength, class_weight="balanced", max_iter=3000),
        )
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
        odds = cross_val_predict(
            fitted, both, kept, groups=together, cv=folds, method="decision_function"
        )
        return float(log_loss(kept, 1 / (1 + np.exp(-odds)))), strength, fitted, odds

    _, _, fitted, odds = min(map(out_of_fold, _STRENGTHS), key=lambda tried: tried[:2])
    least, most = np.quantile(odds[kept], 1 - _KEPT), np.quantile(odds[~kept], _KEPT)
    limit = min(float(least), float(least + most) / 2)
    scaler, regression = (step for _, step in fitted.fit(both, kept).steps)
    kernel = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - kernel @ scaler.mean_) - limit
    odds = odds - limit
    return _Head(kernel.astype(np.float32), np.array([bias], np.float32), odds[kept], odds[~kept])


def measure_gate(
    judged: Sequence[LabelledRadiograph], model: TwoLooks, monitor: Monitor = SILENT
) -> dict[str, Any]:
    """Return what becomes of radiographs that nothing was learned from, by kind, as served."""
    pictures = list(_radiographs(judged))
    rows = []
    for done, picture in enumerate(pictures, start=1):
        rows.append(_outcome(picture, model))
        monitor.step(done, len(pictures), "judged radiographs")
    return _figures(pd.DataFrame(rows)) if rows else {}


def _outcome(picture: Sample, model: TwoLooks) -> dict[str, Any]:
    """Return what becomes of a picture."""
    (answer,) = model.answer([model.prepare(_shown(picture))])
    without = answer.refusal_kind == NO_JOINT
    return {
        "kind": picture.kind,
        "group": picture.study,
        "answered": not answer.refused,
        "no_radiograph": answer.refused and not without,
        "no_joint": without,
        "turned": TURNED in answer.notes,
    }


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        str(kind): {
            "n": len(of_kind),
            "groups": int(of_kind["group"].nunique()),
            **{
                name: rate(of_kind[name], of_kind["group"]).to_dict()
                for name in ("answered", "no_radiograph", "no_joint", "turned")
            },
        }
        for kind, of_kind in rows.groupby("kind", sort=False)
    }


def _features(
    pictures: Sequence[Sample],
    model: TwoLooks,
    monitor: Monitor,
    what: str,
    *,
    inverted: bool = False,
) -> Features:
    """Return what the gate sees of pictures as they are, or inverted."""
    seen = []
    for done, picture in enumerate(pictures, start=1):
        shown = _shown(picture, inverted=inverted)
        seen.append(gate_features(model.first_outputs(shown)))
        monitor.step(done, len(pictures), what)
    return np.stack(seen)


def _radiographs(known: Sequence[LabelledRadiograph]) -> Iterator[Sample]:
    """Yield radiographs as they are, some of each kind, and a joint cut out of some."""
    rng = np.random.default_rng(0)
    for kind, name in ((LIMB, WHOLE_LIMB), (OTHER, LEG), (DRAWN, PHANTOM)):
        for each in _some(known, kind):
            yield _picture(name, each, each.pixels)
            if kind == LIMB and each.joints:
                joint = each.joints[rng.integers(len(each.joints))]
                x0, y0, x1, y1 = joint.box
                around = rng.uniform(*_MARGINS) * np.array([x0 - x1, y0 - y1, x1 - x0, y1 - y0])
                left, top, right, bottom = np.rint(joint.box + around).astype(int).tolist()
                yield _picture(
                    CROPPED, each, each.pixels[max(top, 0) : bottom, max(left, 0) : right]
                )


def _varied(known: Sequence[LabelledRadiograph]) -> Iterator[Sample]:
    """Yield radiographs as the training varies them: framed, turned, framed in grey, washed out."""
    rng = np.random.default_rng(1)
    for kind in (LIMB, OTHER, DRAWN):
        for each in _some(known, kind):
            request = ViewRequest(WHOLE, each)
            if each.joints and rng.random() < 0.5:
                request = ViewRequest(JOINT, each, each.joints[rng.integers(len(each.joints))])
            view = draw(request, _SIDE, rng, strong=True)
            yield _picture(_VARIED, each, view.pixels)


def _some(known: Sequence[LabelledRadiograph], kind: str) -> list[LabelledRadiograph]:
    of_kind = [each for each in known if each.kind == kind]
    order = np.random.default_rng(0).permutation(len(of_kind))[:_MOST]
    return [of_kind[at] for at in order]


def _picture(kind: str, known: LabelledRadiograph, pixels: npt.NDArray[np.uint8]) -> Sample:
    greys = replace(known, pixels=pixels).radiograph.pixels
    return Sample(kind, known.image_id, known.study, known.split, lambda: greys)


def _shown(picture: Sample, *, inverted: bool = False) -> Radiograph:
    greys = picture.draw()
    pixels = np.float32(1) - greys if inverted else greys
    return Radiograph(pixels, picture.name, picture.name, "JPEG")

"""Fit the gate to what the frozen stages saw, and choose where it closes.

Everything here is linear algebra on features: the same arrays give the same gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.models.gate import Gate

__all__ = ["GateRecipe", "Role", "choose_limits", "fit_gate", "out_of_fold", "study_folds"]

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.floating]]


class Role(StrEnum):
    """What a picture teaches the gate."""

    INSIDE = "a known body part"
    OTHER_PART = "leg or hip"
    INVERTED = "a known body part, black and white exchanged"


@dataclass(frozen=True)
class GateRecipe:
    """How the gate is fitted."""

    directions: int = 200
    discriminant_directions: int = 256
    shrinkage: float = 0.03
    kept: float = 0.98
    exchanged_weight: float = 0.3
    folds: int = 5
    seed: int = 0

    def to_dict(self) -> dict[str, float]:
        """Return the settings as they stand on the card."""
        return asdict(self)


def fit_gate(means: npt.NDArray[np.float32], roles: npt.NDArray[Any], recipe: GateRecipe) -> Arrays:
    """Fit the three numbers that decide, with limits that close nothing out."""
    inside, other_parts, inverted = (np.asarray(means[roles == role], np.float64) for role in Role)
    mean, scale = inside.mean(0), inside.std(0) + 1e-3
    centred = (inside - mean) / scale
    basis = _principal(centred, recipe.directions)
    # As it will be stored, so that what is measured is what ships.
    stored = basis.astype(np.float16).astype(np.float64)
    rest = np.square(centred).sum(1) - np.square(centred @ stored).sum(1)
    arrays: Arrays = {
        "gate_ours/mean": mean.astype(np.float32),
        "gate_ours/scale": scale.astype(np.float32),
        "gate_ours/basis": basis.astype(np.float16),
        "gate_ours/residual": np.array([rest.mean()], np.float32),
        "gate/thresholds": np.zeros(3, np.float32),
        "gate/spreads": np.ones(3, np.float32),
    }
    for name, outside in (("gate_part", other_parts), ("gate_greys", inverted)):
        kernel, bias = _discriminant(centred, (outside - mean) / scale, recipe)
        arrays[f"{name}/kernel"] = kernel.astype(np.float32)
        arrays[f"{name}/bias"] = np.array([bias], np.float32)
    return arrays


def out_of_fold(
    means: npt.NDArray[np.float32],
    roles: npt.NDArray[Any],
    taught: npt.NDArray[np.bool_],
    studies: npt.NDArray[Any],
    recipe: GateRecipe,
) -> Floats:
    """Score every picture by gates that were taught nothing of its study."""
    fold = study_folds(studies, recipe.folds, recipe.seed)
    scores = np.zeros((len(means), 3))
    for number in range(recipe.folds):
        learned = taught & (fold != number)
        gate = Gate(fit_gate(means[learned], roles[learned], recipe))
        judged = taught & (fold == number)
        scores[judged] = gate.scores(means[judged])
        scores[~taught] += gate.scores(means[~taught]) / recipe.folds
    return scores


def choose_limits(
    scores: Floats, kept: float, weights: Sequence[float] = ()
) -> tuple[Floats, Floats]:
    """Choose limits that together keep a share of radiographs."""
    parts = np.asarray(weights or np.ones(scores.shape[1]))
    parts = parts / parts.max()

    def limits(refused: float) -> Floats:
        each = zip(scores.T, 1 - refused * parts, strict=True)
        return np.array([np.quantile(column, share) for column, share in each])

    least, most = 0.0, 1.0 - kept
    for _ in range(40):
        refused = (least + most) / 2
        within = (scores <= limits(refused)).all(axis=1).mean()
        least, most = (refused, most) if within >= kept else (least, refused)
    return limits(least), scores.std(axis=0)


def study_folds(studies: npt.NDArray[Any], folds: int, seed: int = 0) -> npt.NDArray[np.intp]:
    """Give every study to one of the folds."""
    names, which = np.unique(np.asarray(studies), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    folded: npt.NDArray[np.intp] = (order % folds)[which]
    return folded


def _principal(points: Floats, directions: int) -> Floats:
    """Return the directions of greatest variance as columns."""
    from sklearn.decomposition import PCA

    count = min(directions, points.shape[1] - 1, max(1, len(points) - 2))
    solver = "covariance_eigh" if len(points) > points.shape[1] else "full"
    columns: Floats = PCA(count, svd_solver=solver).fit(points).components_.T
    return columns


def _discriminant(inside: Floats, outside: Floats, recipe: GateRecipe) -> tuple[Floats, float]:
    """Return Fisher's discriminant, its covariance shrunk (Friedman, *JASA* 84:165, 1989)."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    both = np.concatenate([inside, outside])
    basis = _principal(both, recipe.discriminant_directions)
    analysis = LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=recipe.shrinkage, priors=[0.5, 0.5]
    ).fit(both @ basis, np.repeat([0, 1], [len(inside), len(outside)]))
    kernel: Floats = basis @ analysis.coef_[0]
    return kernel, float(analysis.intercept_[0])

"""Fit the gate to what the frozen stages saw, and choose where it closes.

Everything here is linear algebra on features: the same arrays give the same gate.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.cascade.gate import Gate

__all__ = ["GateRecipe", "choose_limits", "fit_gate", "out_of_fold", "study_folds"]

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.floating]]


@dataclass(frozen=True)
class GateRecipe:
    """How the gate is fitted.

    Attributes
    ----------
    directions
        Principal directions of our radiographs that do not count as distance.
    discriminant_directions
        Principal directions that tell our radiographs from legs and hips.
    shrinkage
        Share of the mean variance in each direction's variance, for the discriminant.
    kept
        Share of our radiographs that the limits keep, out of fold.
    folds
        By study.
    seed
        Of the folds.
    """

    directions: int = 200
    discriminant_directions: int = 256
    shrinkage: float = 0.03
    kept: float = 0.98
    folds: int = 5
    seed: int = 0

    def to_dict(self) -> dict[str, float]:
        """Return the settings as they stand on the card."""
        return asdict(self)


def fit_gate(ours: npt.ArrayLike, others: npt.ArrayLike, recipe: GateRecipe) -> Arrays:
    """Fit distance and leaning, with limits that close nothing out.

    Parameters
    ----------
    ours
        Stage means of elbows, hands and shoulders, shape ``(n, features)``.
    others
        The same of legs and hips.
    recipe
        The settings.

    Returns
    -------
    dict
        The arrays of :data:`~fracture_widgets.cascade.gate.GATE_WEIGHTS`.
    """
    inside, outside = np.asarray(ours, np.float64), np.asarray(others, np.float64)
    mean, scale = inside.mean(0), inside.std(0) + 1e-3
    centred = (inside - mean) / scale
    basis = _principal(centred, recipe.directions)
    # As it will be stored, so that what is measured is what ships.
    stored = basis.astype(np.float16).astype(np.float64)
    rest = np.square(centred).sum(1) - np.square(centred @ stored).sum(1)
    kernel, bias = _discriminant(centred, (outside - mean) / scale, recipe)
    return {
        "gate_ours/mean": mean.astype(np.float32),
        "gate_ours/scale": scale.astype(np.float32),
        "gate_ours/basis": basis.astype(np.float16),
        "gate_ours/residual": np.array([rest.mean()], np.float32),
        "gate_part/kernel": kernel.astype(np.float32),
        "gate_part/bias": np.array([bias], np.float32),
        "gate/thresholds": np.zeros(2, np.float32),
        "gate/spreads": np.ones(2, np.float32),
    }


def out_of_fold(
    means: npt.NDArray[np.float32],
    is_ours: npt.NDArray[np.bool_],
    taught: npt.NDArray[np.bool_],
    studies: npt.NDArray[Any],
    recipe: GateRecipe,
) -> Floats:
    """Score every picture by gates that were taught nothing of its study.

    Parameters
    ----------
    means
        Stage means, shape ``(n, features)``.
    is_ours
        Whether each shows an elbow, hand or shoulder.
    taught
        Whether each may be taught; the others are scored by all gates, and get their mean.
    studies
        What must not be divided.
    recipe
        The settings.

    Returns
    -------
    numpy.ndarray
        Distance and leaning, shape ``(n, 2)``.
    """
    fold = study_folds(studies, recipe.folds, recipe.seed)
    scores = np.zeros((len(means), 2))
    for number in range(recipe.folds):
        learned = taught & (fold != number)
        gate = Gate(fit_gate(means[learned & is_ours], means[learned & ~is_ours], recipe))
        judged = taught & (fold == number)
        scores[judged] = gate.scores(means[judged])
        scores[~taught] += gate.scores(means[~taught]) / recipe.folds
    return scores


def choose_limits(scores: Floats, kept: float) -> tuple[Floats, Floats]:
    """Choose limits of distance and leaning that keep a share of radiographs.

    Both limits refuse the same share, each on its own.

    Parameters
    ----------
    scores
        Of radiographs of ours, out of fold, shape ``(n, 2)``.
    kept
        Share to keep, 0 to 1.

    Returns
    -------
    thresholds, spreads
        The limits, and the standard deviations of both numbers, shape ``(2,)`` each.
    """
    low, high = kept, 1.0
    for _ in range(40):
        share = (low + high) / 2
        within = (scores <= np.quantile(scores, share, axis=0)).all(axis=1).mean()
        low, high = (low, share) if within >= kept else (share, high)
    return np.quantile(scores, high, axis=0), scores.std(axis=0)


def study_folds(studies: npt.NDArray[Any], folds: int, seed: int = 0) -> npt.NDArray[np.intp]:
    """Give every study to one of the folds.

    Parameters
    ----------
    studies
        The study of each picture, shape ``(n,)``.
    folds
        How many.
    seed
        Of the choice.
    """
    names, which = np.unique(np.asarray(studies), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    folded: npt.NDArray[np.intp] = (order % folds)[which]
    return folded


def _principal(centred: Floats, directions: int) -> Floats:
    """Return the directions of greatest variance as columns, their signs fixed."""
    count = min(directions, centred.shape[1] - 1, max(1, len(centred) - 2))
    _, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    chosen = vectors[:, ::-1][:, :count]
    signs = np.sign(chosen[np.abs(chosen).argmax(0), np.arange(count)])
    turned: Floats = chosen * signs
    return turned


def _discriminant(inside: Floats, outside: Floats, recipe: GateRecipe) -> tuple[Floats, float]:
    """Return Fisher's linear discriminant, its covariance shrunk (Friedman, *JASA* 84:165, 1989).

    Both sides count the same, however many radiographs they have.
    """
    both = np.concatenate([inside, outside])
    basis = _principal(both - both.mean(0), recipe.discriminant_directions)
    near, far = inside @ basis, outside @ basis
    spread = (np.cov(near, rowvar=False) + np.cov(far, rowvar=False)) / 2
    spread = np.atleast_2d(spread)
    flat = np.trace(spread) / len(spread) * np.eye(len(spread))
    shrunk = (1 - recipe.shrinkage) * spread + recipe.shrinkage * flat
    weights = np.linalg.solve(shrunk, far.mean(0) - near.mean(0))
    kernel: Floats = basis @ weights
    return kernel, float(-(near.mean(0) + far.mean(0)) @ weights / 2)

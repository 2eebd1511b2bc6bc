"""Divide radiographs for training and testing without dividing a patient; FracAtlas's own split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fracture_widgets.datasets.fracatlas import FracAtlas, of_other_regions
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.datasets.table import require_columns
from fracture_widgets.errors import DatasetError

PAPER_FRACTIONS: Mapping[str, float] = MappingProxyType(
    {"train": 0.72, "validation": 0.18, "test": 0.10}
)
"""The paper's division: 10 percent for testing, and 20 percent of the rest for validation."""

_ROUNDS = 50
"""More than improving a split has ever taken; a bound, so that it ends in any case."""


def split_by_patient(
    table: pd.DataFrame,
    fractions: Mapping[str, float] = PAPER_FRACTIONS,
    *,
    seed: int = 0,
    by: str = "patient_id",
) -> pd.DataFrame:
    """Give every radiograph to one split, all radiographs of a patient to the same one.

    Each body part's fractured and normal radiographs are divided in the proportions asked for,
    as closely as whole patients allow; a kind that enough patients have reaches every split.

    Parameters
    ----------
    table
        With the columns ``body_part``, ``label`` and the one named by ``by``.
    fractions
        The share of radiographs for each split; they sum to 1.
    seed
        Chooses among equally good divisions. The same table and seed give the same split,
        whatever the order of the rows.
    by
        The column whose values stay together.

    Returns
    -------
    DataFrame
        A copy of ``table`` with the column ``split``, which replaces one that is there.

    Raises
    ------
    ValueError
        If the fractions are not positive or do not sum to 1.
    DatasetError
        If there are too few patients, overall or with one of the labels, to give each split one.

    Notes
    -----
    Patients with many, or rare, radiographs are placed first, each where the squared deviations
    from the wanted counts, over the wanted counts, add up to least; then single patients move
    while that lowers the sum. The first step is the greedy rule of scikit-learn's
    ``StratifiedGroupKFold``, which knows only splits of equal size.

    Examples
    --------
    >>> from fracture_widgets import load_dataset, split_by_patient, write_phantoms
    >>> _ = write_phantoms("drawn", patients=6)
    >>> table = split_by_patient(load_dataset("drawn"), {"train": 0.6, "test": 0.4})
    >>> int(table.groupby("patient_id")["split"].nunique().max())
    1
    """
    wanted = np.array(list(fractions.values()), dtype=float)
    if len(wanted) == 0 or (wanted <= 0).any() or abs(wanted.sum() - 1) > 1e-6:
        raise ValueError(
            f"The fractions of a split are positive and sum to 1. Received: {dict(fractions)}"
        )
    names = list(fractions)
    chosen = _assign(table, wanted, seed=seed, by=by, called=names)
    return table.assign(split=[names[index] for index in chosen])


def patient_folds(
    table: pd.DataFrame, n_folds: int = 5, seed: int = 0, by: str = "patient_id"
) -> pd.DataFrame:
    """Divide radiographs into the folds of a cross-validation that never divides a patient.

    Parameters
    ----------
    table
        With the columns ``body_part``, ``label`` and the one named by ``by``.
    n_folds
        How many folds, at least 2.
    seed
        Chooses among equally good divisions.
    by
        The column whose values stay together.

    Returns
    -------
    DataFrame
        A copy of ``table`` with the integer column ``fold``, 0 to ``n_folds - 1``.

    Raises
    ------
    ValueError
        If ``n_folds`` is below 2.
    DatasetError
        If there are too few patients, overall or with one of the labels, to give each fold one.

    See Also
    --------
    split_by_patient : One division, into parts of chosen sizes.

    Examples
    --------
    >>> from fracture_widgets import load_dataset, patient_folds, write_phantoms
    >>> _ = write_phantoms("drawn", patients=6)
    >>> patient_folds(load_dataset("drawn"), 3)["fold"].nunique()
    3
    """
    if n_folds < 2:
        raise ValueError(f"A cross-validation needs at least 2 folds. Received: {n_folds}")
    wanted = np.full(n_folds, 1 / n_folds)
    called = [f"fold {index}" for index in range(n_folds)]
    return table.assign(fold=_assign(table, wanted, seed=seed, by=by, called=called))


def _assign(
    table: pd.DataFrame, wanted: NDArray[np.float64], *, seed: int, by: str, called: Sequence[str]
) -> NDArray[np.int64]:
    """Return the number of the split for every row of ``table``."""
    require_columns(table, ("body_part", "label", by))
    _refuse_too_few(table, by, called)
    kinds = table["body_part"].astype(str) + "/" + table["label"].astype(str)
    counts = pd.crosstab(table[by], kinds)
    # Every kind counts the same, however few radiographs it has.
    shares = (counts / counts.sum()).to_numpy(dtype=float)
    order = np.random.default_rng(seed).permutation(len(shares))
    order = order[np.argsort(-shares[order].max(axis=1), kind="stable")]

    n_splits = len(wanted)
    filled = np.zeros((n_splits, shares.shape[1]))
    waiting = (shares > 0).sum(axis=0)
    chosen = np.empty(len(shares), dtype=np.int64)
    for patient in order:
        has = shares[patient] > 0
        lacking = filled == 0
        # A kind with just enough patients left for the splits that lack it goes to one of those.
        urgent = has & (waiting > 0) & (waiting <= lacking.sum(axis=0))
        open_to = lacking[:, urgent].any(axis=1) if urgent.any() else np.ones(n_splits, bool)
        if not open_to.any():
            open_to[:] = True
        cost = _change(filled, shares[patient], wanted)
        cost[~open_to] = np.inf
        chosen[patient] = int(np.argmin(cost))
        filled[chosen[patient]] += shares[patient]
        waiting -= has
    _improve(chosen, shares, filled, wanted, order)
    by_patient = pd.Series(chosen, index=counts.index)
    return table[by].map(by_patient).to_numpy(dtype=np.int64)


def _change(
    filled: NDArray[np.float64], share: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how much the deviation grows for each split that ``share`` is added to."""
    missed = (filled + share - wanted[:, None]) ** 2 - (filled - wanted[:, None]) ** 2
    change: NDArray[np.float64] = missed.sum(axis=1) / wanted
    return change


def _improve(
    chosen: NDArray[np.int64],
    shares: NDArray[np.float64],
    filled: NDArray[np.float64],
    wanted: NDArray[np.float64],
    order: NDArray[np.int64],
) -> None:
    """Move single patients, in place, while that brings the splits closer to what is wanted."""
    patients_of_kind = np.zeros(filled.shape, dtype=np.int64)
    np.add.at(patients_of_kind, chosen, shares > 0)
    for _ in range(_ROUNDS):
        moved = False
        for patient in order:
            share, here = shares[patient], chosen[patient]
            if (patients_of_kind[here, share > 0] == 1).any():
                continue  # the last of its kind in this split
            filled[here] -= share
            change = _change(filled, share, wanted)
            best = int(np.argmin(change))
            if change[best] < change[here] - 1e-9:
                patients_of_kind[here] -= share > 0
                patients_of_kind[best] += share > 0
                chosen[patient], moved = best, True
            filled[chosen[patient]] += share
        if not moved:
            return


def _refuse_too_few(table: pd.DataFrame, by: str, called: Sequence[str]) -> None:
    patients = table[by].nunique()
    if patients < len(called):
        raise DatasetError(
            f"{patients} patient{'' if patients == 1 else 's'} cannot be divided into "
            f"{len(called)} parts ({', '.join(called)}): add radiographs of more patients, or "
            f"ask for fewer parts."
        )
    for label, rows in table.groupby("label"):
        patients = rows[by].nunique()
        if patients < len(called):
            raise DatasetError(
                f"Only {patients} patient{' has' if patients == 1 else 's have'} a {label} "
                f"radiograph, too few for {len(called)} parts ({', '.join(called)}): add "
                f"{label} radiographs of more patients, or ask for fewer parts."
            )


@dataclass(frozen=True)
class OfficialSplit:
    """What of FracAtlas's own split is at hand, outlined, and on one side alone, by name."""

    train: tuple[str, ...]  # none is of a study of test
    valid: tuple[str, ...]  # none is of a study of either
    test: tuple[str, ...]  # as published
    studies: Mapping[str, str]  # by name of a radiograph
    upper: frozenset[str]  # those that show no leg or hip alone
    told: tuple[str, ...]  # what there is, and what was left out, in sentences


def official_split(atlas: FracAtlas) -> OfficialSplit:
    """Read ``train.csv``, ``valid.csv`` and ``test.csv`` of a copy, wherever they lie in it."""
    listed = {part: _listed(atlas, part) for part in ("train", "valid", "test")}
    here = {
        part: [name for name in names if name in atlas.image_ids and atlas.outlines_of(name)]
        for part, names in listed.items()
    }
    studies = _studies(atlas)

    def apart(names: list[str], others: list[str], where: str) -> tuple[list[str], str]:
        """Return those of no study of the others, and how many are left out."""
        taken = {studies[name] for name in others}
        kept = [name for name in names if studies[name] not in taken]
        left = len(names) - len(kept)
        are = f"{left or 'none'} {'are' if left > 1 else 'is'}"
        return kept, f"{are} of a study of {where}{' and left out' if left else ''}."

    test = here["test"]
    train, of_train = apart(here["train"], test, "test")
    valid, of_valid = apart(here["valid"], [*train, *test], "train or test")
    for part, names in (("train", train), ("valid", valid), ("test", test)):
        if not names:
            raise DatasetError(
                f"{atlas.name} holds nothing of the official {part} part with its outlines: "
                "give a copy with the fractured radiographs."
            )
    counts = ", ".join(f"{len(here[part])} of {len(listed[part])} {part}" for part in here)
    upper = atlas.table["image_id"][~of_other_regions(atlas.table)]
    return OfficialSplit(
        tuple(train),
        tuple(valid),
        tuple(test),
        studies,
        frozenset(map(str, upper)),
        (
            f"Official split, at hand: {counts}.",
            f"Of train, {of_train}",
            f"Of valid, {of_valid}",
        ),
    )


def _listed(atlas: FracAtlas, part: str) -> list[str]:
    table = atlas.read_table(f"{part}.csv")
    if table is None or "image_id" not in table:
        raise DatasetError(
            f"{atlas.name} has no {part}.csv with a column image_id: copy the published Fracture "
            "Split, train.csv, valid.csv and test.csv, into a folder of it."
        )
    return [str(name) for name in table["image_id"]]


def _studies(atlas: FracAtlas) -> dict[str, str]:
    """Return the study of every radiograph; each counts for one where the copy names none."""
    studies = {name: name for name in atlas.image_ids}
    for table in (atlas.table, joint_table()):
        if "study" in table:
            known = table[table["image_id"].isin(studies)]
            studies |= dict(zip(known["image_id"], known["study"].astype(str), strict=True))
    return studies

"""Fit the gate from a FracAtlas copy, measure it on everything, and put it into a models folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import Engine, OnnxEngine
from fracture_widgets.models.folder import add_gate, load_model_folder
from fracture_widgets.models.gate import Gate, stage_means
from fracture_widgets.models.weight_files import Weights, read_weights, write_weights
from fracture_widgets.training.recipes.gate_fit import (
    GateRecipe,
    Role,
    choose_limits,
    fit_gate,
    out_of_fold,
)
from fracture_widgets.training.recipes.gate_samples import (
    EXCHANGED,
    OURS,
    SAMPLES,
    STRANGE,
    TEST,
    TRAIN,
    Sample,
    atlas_samples,
    exchanged_samples,
    phantom_samples,
    stranger_samples,
)
from fracture_widgets.training.recipes.gate_strangers import (
    Stranger,
    drawn_strangers,
    folder_strangers,
    installed_photographs,
)

__all__ = ["features_of", "fit_and_measure", "train_gate"]

_BATCH = 8
_KEPT_EVERY = 400


def train_gate(
    atlas: FracAtlas,
    models: Path,
    work: Path,
    *,
    strangers: Path | None = None,
    recipe: GateRecipe | None = None,
    note: str = "",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Mapping[str, Any]:
    """Fit the gate of a models folder, measure it, and save it there with its figures."""
    model = load_model_folder(models)
    beside: Iterable[Stranger] = folder_strangers(strangers) if strangers else ()
    radiographs = [*atlas_samples(atlas), *phantom_samples()]
    samples = [
        *radiographs,
        *exchanged_samples(radiographs),
        *stranger_samples([*drawn_strangers(), *installed_photographs(), *beside]),
    ]
    trunk = model.file_sha256("trunk")[:16]
    means = features_of(
        samples, OnnxEngine.of_model(model), work / f"gate-{trunk}.npz", progress=progress
    )
    gate, figures = fit_and_measure(samples, means, recipe or GateRecipe())
    if note:
        figures["note"] = note
    add_gate(models, gate, figures)
    return figures


def features_of(
    samples: list[Sample],
    engine: Engine,
    kept: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> npt.NDArray[np.float32]:
    """Return what the frozen stages see in every sample, from ``kept`` where it is there."""
    known: dict[str, npt.NDArray[np.float32]] = _read_kept(kept)
    names = [f"{sample.split}|{sample.kind}|{sample.name}" for sample in samples]
    waiting = [at for at, name in enumerate(names) if name not in known]
    progress(len(samples) - len(waiting), len(samples))
    for done, batch in enumerate(_batches(waiting), start=1):
        inputs = np.stack([network_input(samples[at].draw()) for at in batch])
        for at, row in zip(batch, stage_means(engine.run(inputs)), strict=True):
            known[names[at]] = row
        progress(len(samples) - len(waiting) + min(done * _BATCH, len(waiting)), len(samples))
        if done * _BATCH % _KEPT_EVERY == 0:
            _keep(kept, known)
    if waiting:
        _keep(kept, known)
    return np.stack([known[name] for name in names])


def fit_and_measure(
    samples: list[Sample], means: npt.NDArray[np.float32], recipe: GateRecipe
) -> tuple[Weights, dict[str, Any]]:
    """Fit the gate on the train split, choose its limits on folds of it, and measure it."""
    table = pd.DataFrame(
        {name: [getattr(one, name) for one in samples] for name in ("kind", "study", "split")}
    )
    kind, split = table["kind"].to_numpy(str), table["split"].to_numpy(str)
    taught, given = split == TRAIN, np.isin(kind, SAMPLES)
    roles = np.where(
        np.isin(kind, OURS),
        Role.OURS,
        np.where(np.isin(kind, list(EXCHANGED.values())), Role.EXCHANGED, Role.OTHER_PART),
    )

    scores = out_of_fold(means, roles, taught, table["study"].to_numpy(str), recipe)
    thresholds, spreads = choose_limits(
        scores[taught & given], recipe.kept, (1.0, 1.0, recipe.exchanged_weight)
    )
    arrays = {
        **fit_gate(means[taught], roles[taught], recipe),
        "gate/thresholds": thresholds.astype(np.float32),
        "gate/spreads": spreads.astype(np.float32),
    }
    folds = (scores - thresholds) / spreads
    ships = Gate(arrays).excess(means)
    figures = {
        "recipe": recipe.to_dict(),
        "fitted_on": "train split alone; limits chosen on folds of it, by study",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies or files",
        "out_of_fold": _figures(table, folds, (TRAIN, STRANGE)),
        "test": _figures(table, ships, (TEST, STRANGE)),
    }
    return arrays, figures


def _figures(
    table: pd.DataFrame, excess: npt.NDArray[np.float64], splits: tuple[str, ...]
) -> dict[str, Any]:
    rows = table.assign(worst=excess.max(1), refused=excess.max(1) > 0, far=excess[:, 0] > 0)
    rows = rows[rows["split"].isin(splits)]
    given = rows[rows["kind"].isin(SAMPLES)]
    figures: dict[str, Any] = {"kept": _share(~given["refused"], given["study"])}
    for kind, of_kind in rows.groupby("kind", sort=False):
        name = str(kind)
        figures[name] = {
            "n": len(of_kind),
            "groups": int(of_kind["study"].nunique()),
            "refused": _share(of_kind["refused"], of_kind["study"]),
            "as_no_radiograph": round(float(of_kind["far"].mean()), 4),
        }
        if name not in OURS:
            both = pd.concat([given, of_kind])
            figures[name]["auroc"] = bootstrap_interval(
                auroc, both["kind"] == name, both["worst"], groups=both["study"]
            ).to_dict()
    return figures


def _share(flags: pd.Series, studies: pd.Series) -> dict[str, Any]:
    return bootstrap_interval(_mean, flags.to_numpy(dtype=float), groups=studies).to_dict()


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean())


def _batches(positions: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(positions), _BATCH):
        yield positions[start : start + _BATCH]


def _read_kept(kept: Path) -> dict[str, npt.NDArray[np.float32]]:
    if not kept.exists():
        return {}
    stored = read_weights(kept)
    names = str(bytes(stored["names"].astype(np.uint8)), "utf-8").split("\n")
    return dict(zip(names, stored["means"], strict=True))


def _keep(kept: Path, known: Mapping[str, npt.NDArray[np.float32]]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    names = np.frombuffer("\n".join(known).encode(), np.uint8).astype(np.float32)
    write_weights(kept, {"names": names, "means": np.stack(list(known.values()))})

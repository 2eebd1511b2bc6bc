"""Fit the gate from a FracAtlas copy, measure it on everything, and put it into a models folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import Engine, OnnxEngine
from fracture_widgets.models.folder import add_gate, load_model_folder
from fracture_widgets.models.gate import Gate, stage_means
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.recipes.gate.fit import (
    GateRecipe,
    Role,
    choose_limits,
    fit_gate,
    out_of_fold,
)
from fracture_widgets.training.recipes.gate.out_of_distribution import (
    OutsidePicture,
    drawn_pictures,
    folder_pictures,
    installed_photographs,
)
from fracture_widgets.training.recipes.gate.samples import (
    INSIDE,
    INVERTED,
    OUTSIDE,
    SAMPLES,
    TEST,
    TRAIN,
    Sample,
    atlas_samples,
    inverted_samples,
    outside_samples,
    phantom_samples,
)

__all__ = ["features_of", "fit_and_measure", "train_gate"]

_BATCH = 8


def train_gate(
    atlas: FracAtlas,
    models: Path,
    work: Path,
    *,
    strangers: Path | None = None,
    recipe: GateRecipe | None = None,
    note: str = "",
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Fit the gate of a models folder, measure it, and save it there with its figures."""
    model = load_model_folder(models)
    beside: Iterable[OutsidePicture] = folder_pictures(strangers) if strangers else ()
    radiographs = [*atlas_samples(atlas), *phantom_samples()]
    samples = [
        *radiographs,
        *inverted_samples(radiographs),
        *outside_samples([*drawn_pictures(), *installed_photographs(), *beside]),
    ]
    trunk = model.file_sha256("trunk")
    cache = ArrayCache(work / "features", max_bytes=None)
    means = features_of(samples, OnnxEngine.of_model(model), trunk, cache, monitor)
    gate, figures = fit_and_measure(samples, means, recipe or GateRecipe())
    if note:
        figures["note"] = note
    add_gate(models, gate, figures)
    return figures


def features_of(
    samples: list[Sample], engine: Engine, trunk: str, cache: ArrayCache, monitor: Monitor = SILENT
) -> npt.NDArray[np.float32]:
    """Return what the frozen stages see in every sample, from the cache where it is there."""
    keys = [
        content_key({"trunk": trunk, "sample": [one.split, one.kind, one.name]}) for one in samples
    ]
    known = {key: arrays["means"] for key in keys if (arrays := cache.get(key)) is not None}
    waiting = [at for at, key in enumerate(keys) if key not in known]
    monitor.step(len(samples) - len(waiting), len(samples), "looking")
    for start in range(0, len(waiting), _BATCH):
        batch = waiting[start : start + _BATCH]
        inputs = np.stack([network_input(samples[at].draw()) for at in batch])
        for at, row in zip(batch, stage_means(engine.run(inputs)), strict=True):
            known[keys[at]] = row
            cache.put(keys[at], {"means": row})
        monitor.step(len(samples) - len(waiting) + start + len(batch), len(samples), "looking")
    return np.stack([known[key] for key in keys])


def fit_and_measure(
    samples: list[Sample], means: npt.NDArray[np.float32], recipe: GateRecipe
) -> tuple[Weights, dict[str, Any]]:
    """Fit the gate on the train split, choose its limits on folds of it, and measure it."""
    table = pd.DataFrame(
        {name: [getattr(sample, name) for sample in samples] for name in ("kind", "study", "split")}
    )
    kind, split = table["kind"].to_numpy(str), table["split"].to_numpy(str)
    taught, given = split == TRAIN, np.isin(kind, SAMPLES)
    roles = np.where(
        np.isin(kind, INSIDE),
        Role.INSIDE,
        np.where(np.isin(kind, list(INVERTED.values())), Role.INVERTED, Role.OTHER_PART),
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
        "out_of_fold": _figures(table, folds, (TRAIN, OUTSIDE)),
        "test": _figures(table, ships, (TEST, OUTSIDE)),
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
        if name not in INSIDE:
            both = pd.concat([given, of_kind])
            figures[name]["auroc"] = bootstrap_interval(
                auroc, both["kind"] == name, both["worst"], groups=both["study"]
            ).to_dict()
    return figures


def _share(flags: pd.Series, studies: pd.Series) -> dict[str, Any]:
    return bootstrap_interval(_mean, flags.to_numpy(dtype=float), groups=studies).to_dict()


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean())

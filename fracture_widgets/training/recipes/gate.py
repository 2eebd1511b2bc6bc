"""The gate that refuses what is no radiograph of a known body part, fitted and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas, of_other_regions
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval, rate
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN, network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.engine import Engine, OnnxEngine
from fracture_widgets.models.folder import add_gate, load_model_folder
from fracture_widgets.models.gate import Gate, stage_means
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.atlas import (
    TAUGHT_SEEDS,
    Framing,
    box_of,
    cut_out,
    joint_framing,
    numbered_phantom,
    patch_framing,
    radiograph_reader,
    rows_of,
)
from fracture_widgets.training.outliers import (
    OUTSIDE,
    Grey,
    Sample,
    drawn_pictures,
    folder_pictures,
    installed_photographs,
)

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.floating]]
_BATCH = 8
CROP, WHOLE, SEVERAL = "joint, cropped", "one joint, whole", "several joints, whole"
FRAMING, PHANTOM = "joint, framed anyhow", "phantom"
LEG_WHOLE, LEG_PATCH = "leg or hip, whole", "leg or hip, patch"

SAMPLES = (CROP, WHOLE, SEVERAL)
"""What the limits are chosen on: what users give."""

INSIDE = (*SAMPLES, FRAMING, PHANTOM)
INVERTED = {kind: f"{kind}, exchanged greys" for kind in (*SAMPLES, PHANTOM)}
TRAIN, TEST = "train", "test"
_HELD_OUT_SEEDS = 5_000


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


def train_gate(
    atlas: FracAtlas,
    models: Path,
    work: Path,
    *,
    out_of_distribution: Path | None = None,
    recipe: GateRecipe | None = None,
    note: str = "",
    monitor: Monitor = SILENT,
) -> Mapping[str, Any]:
    """Fit the gate of a models folder, measure it, and save it there with its figures."""
    model = load_model_folder(models)
    beside: Iterable[Sample] = folder_pictures(out_of_distribution) if out_of_distribution else ()
    parts = model.body_parts
    radiographs = [*atlas_samples(atlas, parts), *phantom_samples(parts)]
    samples = [
        *radiographs,
        *inverted_samples(radiographs),
        *(*drawn_pictures(), *installed_photographs(), *beside),
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
        content_key({"trunk": trunk, "sample": [sample.split, sample.kind, sample.name]})
        for sample in samples
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
        "recipe": asdict(recipe),
        "fitted_on": "train split alone; limits chosen on folds of it, by study",
        "intervals": "95 percent, 2,000 bootstrap draws of whole studies or files",
        "out_of_fold": _figures(table, folds, (TRAIN, OUTSIDE)),
        "test": _figures(table, ships, (TEST, OUTSIDE)),
    }
    return arrays, figures


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


def _figures(
    table: pd.DataFrame, excess: npt.NDArray[np.float64], splits: tuple[str, ...]
) -> dict[str, Any]:
    rows = table.assign(worst=excess.max(1), refused=excess.max(1) > 0, far=excess[:, 0] > 0)
    rows = rows[rows["split"].isin(splits)]
    given = rows[rows["kind"].isin(SAMPLES)]
    figures: dict[str, Any] = {"kept": rate(~given["refused"], given["study"]).to_dict()}
    for kind, of_kind in rows.groupby("kind", sort=False):
        name = str(kind)
        figures[name] = {
            "n": len(of_kind),
            "groups": int(of_kind["study"].nunique()),
            "refused": rate(of_kind["refused"], of_kind["study"]).to_dict(),
            "as_no_radiograph": round(float(of_kind["far"].mean()), 4),
        }
        if name not in INSIDE:
            both = pd.concat([given, of_kind])
            figures[name]["auroc"] = bootstrap_interval(
                auroc, both["kind"] == name, both["worst"], groups=both["study"]
            ).to_dict()
    return figures


def atlas_samples(atlas: FracAtlas, body_parts: Sequence[str]) -> Iterator[Sample]:
    """Yield FracAtlas's joints, cropped, framed anyhow and whole, then its legs and hips."""
    read = radiograph_reader(atlas)
    joints = joint_table()
    held = joints["image_id"].isin(atlas.image_ids)
    joints = joints[held & joints["body_part"].isin(body_parts)]
    for image_id, of_image in joints.groupby("image_id"):
        name = str(image_id)
        first = next(rows_of(of_image))
        whole = WHOLE if len(of_image) == 1 else SEVERAL
        yield Sample(whole, name, first.study, first.split, partial(_whole, read, name))
        for joint in rows_of(of_image[of_image["label"] != "unclear"]):
            box = box_of(joint)
            given = (f"{name}/{joint.joint_index}", joint.study, joint.split)
            standard = Framing(box.grown(STANDARD_MARGIN))
            yield Sample(CROP, *given, partial(_framed, read, name, standard))
            if joint.split == TRAIN:
                rng = np.random.default_rng([int(name[3:10]), joint.joint_index])
                framing = joint_framing(box, rng)
                yield Sample(FRAMING, *given, partial(_framed, read, name, framing))
    for row in rows_of(_legs_and_hips(atlas)):
        given = (row.image_id, row.study, row.split)
        yield Sample(LEG_WHOLE, *given, partial(_whole, read, row.image_id))
        yield Sample(LEG_PATCH, *given, partial(_patch, read, row.image_id))


def phantom_samples(
    body_parts: Sequence[str], taught: int = 120, held_out: int = 90
) -> Iterator[Sample]:
    """Yield drawn radiographs of all parts, by seeds that teach and by others."""
    for number in range(taught + held_out):
        split = TRAIN if number < taught else TEST
        # The seeds that taught the network, and none of those that lessons and tests draw.
        first = TAUGHT_SEEDS if split == TRAIN else _HELD_OUT_SEEDS
        name = f"drawn{first + number}"
        yield Sample(PHANTOM, name, name, split, partial(_phantom, body_parts, number, first))


def inverted_samples(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the samples of :data:`INVERTED`'s kinds with black and white exchanged."""
    for sample in samples:
        if sample.kind in INVERTED:
            yield replace(sample, kind=INVERTED[sample.kind], draw=partial(_inverted, sample.draw))


def _legs_and_hips(atlas: FracAtlas) -> pd.DataFrame:
    table = atlas.table[atlas.table["image_id"].isin(atlas.image_ids)]
    marked = table["image_id"].isin(joint_table()["image_id"])
    table = table[~marked & of_other_regions(table)]
    if "study" not in table or "split" not in table:
        # The published table knows no studies: neighbours in number are taken for one.
        study = table["image_id"].str[3:10].astype(int) // 8
        table = table.assign(study=[f"near{number}" for number in study])
        table["split"] = np.where(study % 10 == 0, TEST, TRAIN)
    return table


def _whole(read: Callable[[str], Radiograph], image_id: str) -> Grey:
    return read(image_id).pixels


def _framed(read: Callable[[str], Radiograph], image_id: str, framing: Framing) -> Grey:
    return cut_out(read(image_id).pixels, framing)


def _patch(read: Callable[[str], Radiograph], image_id: str) -> Grey:
    pixels = read(image_id).pixels
    rng = np.random.default_rng([int(image_id[3:10]), 77])
    return cut_out(pixels, patch_framing(pixels, np.empty((0, 4)), rng))


def _inverted(draw: Callable[[], Grey]) -> Grey:
    return np.float32(1) - draw()


def _phantom(body_parts: Sequence[str], number: int, first_seed: int) -> Grey:
    return numbered_phantom(body_parts, number, first_seed).radiograph.pixels

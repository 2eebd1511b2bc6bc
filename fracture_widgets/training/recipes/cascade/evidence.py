"""What the cascade is worth, as served, at radiographs a run never saw; what it is trusted by."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.errors import TrainingError
from fracture_widgets.evaluation.metrics import accuracy, auroc, bootstrap_interval, rate
from fracture_widgets.evaluation.scores import (
    by_part_and_pooled,
    known_failures,
    score_body_part,
    score_probabilities,
    subgroup_rows,
)
from fracture_widgets.evaluation.trust_evidence import (
    read_predictions,
    save_predictions,
    trust_section,
)
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import (
    OUT_OF_FOLD_FILE,
    ModelFolder,
    amend_card,
    default_models_folder,
)
from fracture_widgets.models.networks.cascade import cascade_network_graph
from fracture_widgets.models.report import Report
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import FRACTURED, NORMAL
from fracture_widgets.training.atlas import box_of, radiograph_reader, rows_of
from fracture_widgets.training.data import parts_in

if TYPE_CHECKING:
    from fracture_widgets.training.recipes.cascade.training import Run

_COLUMNS = ("image_id", "joint_index", "body_part", "study", "split", "holder")
_VIEWS = ("frontal", "lateral", "oblique")


def of_run(weights: Path, body_parts: Sequence[str]) -> ModelFolder:
    """Return the model of a run's weight file, which is known by its content."""
    arrays, graph = read_weights(weights), _graph_of(tuple(body_parts))
    model = ModelFolder.of_cascade(arrays, graph, body_parts, weights.stem)
    return replace(model, sha256=file_sha256(weights))


@cache
def _graph_of(body_parts: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the graph of every run that tells these parts: a network is built for it."""
    return cascade_network_graph(body_parts)


def served(weights: Path, body_parts: Sequence[str]) -> Cascade:
    """Return the cascade of a run's weight file, as it would be served."""
    model = of_run(weights, body_parts)
    return Cascade(model, OnnxEngine.of_graph(model.graph, model.weights))


def judge(
    run: Run,
    cascade: Cascade,
    atlas: FracAtlas,
    table: pd.DataFrame,
    monitor: Monitor = SILENT,
) -> pd.DataFrame:
    """Examine the standard crops a run was not taught, and whole what shows one joint alone."""
    joints = table.iloc[run.judged]
    alone = ~joints["image_id"].duplicated(keep=False)
    read = radiograph_reader(atlas)
    rows: list[dict[str, object]] = []
    for joint in rows_of(joints.assign(alone=alone)):
        radiograph = read(joint.image_id)
        frame = box_of(joint).grown(STANDARD_MARGIN).clipped()
        crop = radiograph.crop(frame)
        report = cascade.examine(crop)
        of_its_part = (
            report.fracture_probability
            if report.body_part == joint.body_part
            else cascade.probabilities(crop)[joint.body_part][FRACTURED]
        )
        outlines = [box.relative_to(frame) for box in atlas.outlines_of(joint.image_id)]
        rows.append(
            {
                **{name: getattr(joint, name) for name in _COLUMNS},
                "label": FRACTURED if joint.fractured else NORMAL,
                "run": run.name,
                **report.body_part_probabilities,
                "named": report.body_part,
                "named_whole": cascade.examine(radiograph).body_part if joint.alone else None,
                "fracture_probability": of_its_part,
                "cascade_probability": report.fracture_probability,
                **(_hits(report, outlines) if joint.fractured else {}),
            }
        )
        monitor.step(len(rows), len(joints), f"judging {run.name}")
    return pd.DataFrame(rows)


def summarise(judged: pd.DataFrame) -> dict[str, Any]:
    """Turn judgements into the figures of the card, intervals by study."""
    whole = judged.dropna(subset="named_whole")
    truth, studies = judged["body_part"], judged["study"]
    part = score_body_part(truth, judged["named"], parts_in(judged["body_part"]), groups=studies)
    fracture = {
        name: score_probabilities(f"fracture, {name}", rows).to_dict()
        for name, rows in by_part_and_pooled(judged)
    }
    broken = judged[judged["label"] == FRACTURED]
    return {
        "body_part": part.to_dict(),
        "fracture": fracture,
        "cascade": score_probabilities(
            "fracture, cascade", judged, "cascade_probability"
        ).to_dict(),
        "without_holders": {
            name: bootstrap_interval(
                auroc,
                rows["label"] == FRACTURED,
                rows["fracture_probability"],
                groups=rows["study"],
            ).to_dict()
            for name, rows in by_part_and_pooled(judged[judged["holder"] == 0])
        },
        "localisation": {
            column: rate(broken[column], broken["study"]).to_dict()
            for column in ("map_hit", "heatmap_hit")
        },
        "body_part_uncropped": bootstrap_interval(
            accuracy, whole["body_part"], whole["named_whole"], groups=whole["study"]
        ).to_dict(),
    }


def _hits(report: Report, outlines: list[Box]) -> Mapping[str, bool]:
    heat = report.fracture_map
    return {
        "map_hit": heat is not None and _on_outline(heat, outlines),
        "heatmap_hit": _on_outline(report.heatmap, outlines),
    }


def _on_outline(heat: npt.NDArray[np.float32], outlines: list[Box]) -> bool:
    """Say whether the highest place lies on an outline, grown by half a cell of the map."""
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    y, x = (row + 0.5) / heat.shape[0], (column + 0.5) / heat.shape[1]
    half_x, half_y = 8.0 / heat.shape[1], 8.0 / heat.shape[0]
    return any(
        box.x0 - half_x <= x <= box.x1 + half_x and box.y0 - half_y <= y <= box.y1 + half_y
        for box in outlines
    )


def train_trust(
    models: Path | None = None,
    *,
    predictions: Path | None = None,
    fracatlas: str | os.PathLike[str] | None = None,
    note: str = "",
    print_only: bool = False,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Put what was fitted on the card of a models folder, and return it with the answers."""
    models = models or default_models_folder()
    kept = models / OUT_OF_FOLD_FILE
    answers = read_predictions(predictions or kept)
    if fracatlas is not None:
        answers = _with_views(answers, fracatlas)
    try:
        section = trust_section(answers)
    except ValueError as error:
        raise TrainingError(f"Nothing can be fitted on these answers: {error}") from error
    if note:
        section["note"] = note
    if not print_only:
        if predictions is not None or fracatlas is not None:
            save_predictions(kept, answers)
        amend_card(
            models,
            **{TRUST_SECTION: section},
            subgroups=subgroup_rows(answers),
            failures=known_failures(answers) if "image_id" in answers else {},
        )
    return section, answers


def _with_views(answers: pd.DataFrame, source: str | os.PathLike[str]) -> pd.DataFrame:
    with FracAtlas.open(source) as atlas:
        table = atlas.table.set_index("image_id").loc[answers["image_id"]]
    named = [" and ".join(view for view in _VIEWS if row[view]) for _, row in table.iterrows()]
    return answers.assign(view=named, hardware=table["hardware"].to_numpy())

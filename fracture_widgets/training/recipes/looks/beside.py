"""A network that finds joints, beside the networks of crops that it finds them for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.evaluation.detection import Found, Marked, match
from fracture_widgets.evaluation.metrics import rate
from fracture_widgets.models.compose import JOINTS_FOLDER, load_composition
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import is_model_folder, load_model_folder
from fracture_widgets.models.joints import Joint
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.training.recipes.looks.radiographs import LIMB, LabelledRadiograph


def is_beside_crops(folder: Path) -> bool:
    """Say whether a folder is the ``joints`` folder of networks of crops."""
    return folder.name == JOINTS_FOLDER and is_model_folder(folder.parent)


def model_in(folder: Path) -> TwoLooks:
    """Return the model of a folder, before the networks of crops whose ``joints`` folder it is."""
    joints = load_model_folder(folder)
    engine, crops = OnnxEngine.of_model(joints), None
    if is_beside_crops(folder):
        known = load_composition(folder.parent)
        crops = Crops(known, {model: OnnxEngine.of_model(model) for model in known.of_crops})
    return TwoLooks(joints, engine, crops=crops)


def same_as_marked(
    judged: Sequence[LabelledRadiograph], model: TwoLooks, monitor: Monitor = SILENT
) -> Mapping[str, Any]:
    """Return how often a joint's verdict is the same at the box that is found and at ours.

    Networks of crops are judged on joints that people marked; this says what that is worth for
    those that are found.
    """
    same, moved, studies = [], [], []
    limbs = [known for known in judged if known.kind == LIMB and known.joints]
    for done, known in enumerate(limbs, start=1):
        prepared = model.prepare(known.radiograph)
        found = model.find_joints(prepared)
        truth = known.boxes
        pairs = match([Marked(box) for box in truth], [Found(at.box, at.score) for at in found])
        joints = [found[number] for _, number in pairs]
        ours = [
            Joint(truth[at], 1.0, joint.probabilities)
            for (at, _), joint in zip(pairs, joints, strict=True)
        ]
        for there, here in zip(
            model.look_at(prepared, joints), model.look_at(prepared, ours), strict=True
        ):
            answers = [model.answer_of(seen) for seen in (there, here)]
            same.append(answers[0].verdict == answers[1].verdict)
            moved.append(abs(there.fracture_probability - here.fracture_probability))
            studies.append(known.study)
        monitor.step(done, len(limbs), "joints as they are found and as they are marked")
    return {
        "same_verdict": rate(np.array(same, np.bool_), studies).to_dict(),
        "median_difference": float(np.median(moved)) if moved else 0.0,
    }

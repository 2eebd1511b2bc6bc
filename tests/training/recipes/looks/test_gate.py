"""The gate of a network that looks twice: what it keeps out, what it turns, and its figures."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.detection import Thresholds
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import LOOKS, SCHEMA, ModelFolder
from fracture_widgets.models.gate import LooksGate
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.networks.graph import graph_of
from fracture_widgets.models.networks.looks import build_looks_network
from fracture_widgets.models.weight_files import collect_weights
from fracture_widgets.training.outliers import drawn_pictures
from fracture_widgets.training.recipes.looks.gate import _fit_head, fit_gate, measure_gate
from fracture_widgets.training.recipes.looks.radiographs import Run, known_parts

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def model() -> TwoLooks:
    import keras

    keras.utils.set_random_seed(0)
    network = build_looks_network(known_parts())
    card = {"schema": SCHEMA, "kind": LOOKS, "body_parts": list(known_parts()),
            "thresholds": Thresholds(joint=0.001).to_dict()}  # fmt: skip
    weights, graph = collect_weights(network), graph_of(network, "fracture_2_relu")
    folder = ModelFolder(card, weights, graph, "untaught", "untaught")
    return TwoLooks(folder, OnnxEngine.of_graph(graph, weights))


def test_the_gate_is_measured_on_what_it_never_saw(limbs, model):
    run = Run("0", [*limbs[:5], limbs[9], limbs[13]], [limbs[5], limbs[10]])
    weights, figures = fit_gate(run, drawn_pictures(each=1), model)
    assert set(figures["kinds"]) == {"noise", "pattern", "drawing", "text", "chart"}
    judged = measure_gate(run.judged, model)
    assert set(judged) == {"whole limb", "joint, cropped", "leg or hip"}
    for row in (*figures["kinds"].values(), *judged.values()):
        shares = [row[name]["value"] for name in ("answered", "no_radiograph", "no_joint")]
        assert sum(shares) == pytest.approx(1.0, abs=1e-3)
    assert judged["whole limb"]["n"] == 1
    gate = LooksGate(weights)
    outputs = model.outputs(Radiograph(limbs[0].pixels / np.float32(255), "a", "a", "PNG"))
    assert gate.is_radiograph(outputs) in {True, False}


def test_a_head_leaves_almost_all_alone_that_it_is_for():
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(1.0, 1.0, (400, 8)), rng.normal(-1.0, 1.0, (300, 8))
    groups = [[f"{side}{number // 2}" for number in range(400)] for side in "ab"]
    head = _fit_head(inside, outside, groups[0], groups[1][:300])
    assert (head.inside >= 0).mean() >= 0.995
    assert (head.outside < 0).mean() > 0.9
    # What was measured on folds holds for others.
    others = rng.normal(1.0, 1.0, (2000, 8)) @ head.kernel + head.bias
    assert (others >= 0).mean() > 0.98
    # Classes apart: the limit lies between them, not at the edge of one.
    apart = _fit_head(inside + 9, outside - 9, groups[0], groups[1][:300])
    assert apart.inside.min() > 0.2 * apart.inside.mean()

"""A network as plain JSON: into Keras and into ONNX, and the same numbers from both."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import cascade_graph, default_models_folder, load_model_folder
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.models.networks.cascade import cascade_network_graph
from fracture_widgets.models.networks.graph import keras_model
from fracture_widgets.models.networks.question import build_single_question_network, question_graph
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import assign_weights, collect_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

keras = pytest.importorskip("keras")

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SPREAD = {"gamma": (0.5, 1.0), "moving_variance": (0.5, 2.0)}
LEARNED = ("gamma", "beta", "moving_mean", "moving_variance", "bias")


def lively(model):
    """Give every normalisation and bias numbers of its own, so that folding one wrongly shows."""
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(*SPREAD.get(name.rsplit("/")[-1], (-0.2, 0.2)), array.shape).astype("f4")
        if name.endswith(LEARNED)
        else array
        for name, array in collect_weights(model).items()
    }


@pytest.fixture(scope="module")
def inputs():
    drawn = [draw_phantom(part, fractured=True, seed=7).radiograph for part in BODY_PARTS]
    return np.stack([network_input(radiograph.pixels) for radiograph in drawn])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_is_the_same_in_keras_and_in_onnx(name, inputs):
    keras.utils.set_random_seed(0)
    model = build_single_question_network("hand", trunk=ARCHITECTURES[name].build)
    weights = lively(model)
    assign_weights(model, weights)
    graph = json.loads(json.dumps(question_graph(model)))

    again = keras_model(graph)
    assign_weights(again, weights)
    expected = {one: np.asarray(v) for one, v in again.predict_on_batch(inputs).items()}
    np.testing.assert_array_equal(expected["hand"], model.predict_on_batch(inputs))

    written = build_onnx_model(graph, weights)
    onnx.checker.check_model(written, full_check=True)
    assert all(one.type.tensor_type.shape.dim for one in written.graph.output)
    for output, values in OnnxEngine(written).run(inputs).items():
        scale = max(1.0, float(np.abs(expected[output]).max()))
        np.testing.assert_allclose(values / scale, expected[output] / scale, atol=1e-4)


def test_the_cascade_s_graph_is_the_one_that_older_cards_take_as_known():
    assert cascade_network_graph(("elbow", "hand", "shoulder")) == cascade_graph()
    shipped = load_model_folder()
    assert (shipped.card["schema"], shipped.kind) == (2, "cascade")
    assert json.loads((default_models_folder() / "graph.json").read_text()) == cascade_graph()


def unnamed_trunk(size=224):
    """A trunk whose layers without weights have the names that Keras counts."""
    radiograph = keras.Input((size, size, 1))
    seen = keras.layers.Conv2D(4, 16, 16, name="conv")(keras.layers.ZeroPadding2D(1)(radiograph))
    clipped = keras.layers.ReLU(2.0)(seen)
    return keras.Model(radiograph, keras.layers.ReLU()(clipped))


def test_a_graph_does_not_depend_on_the_networks_that_were_built_before_it():
    assert cascade_network_graph(("hand", "wrist")) == cascade_network_graph(("hand", "wrist"))
    for build in (ARCHITECTURES["densenet169"].build, unnamed_trunk):
        first, second = (
            question_graph(build_single_question_network("hand", trunk=build)) for _ in range(2)
        )
        assert first == second
    assert {"re_lu", "re_lu_1"} < {layer["name"] for layer in first["layers"]}
    assert (first["features"], first["outputs"]["re_lu_1"]) == ("re_lu_1", "re_lu_1")
    assert keras_model(first).get_layer("re_lu").max_value == 2.0


def test_a_layer_that_runs_code_is_not_made():
    layer = {"name": "x", "type": "InputLayer", "inputs": [], "config": {}, "shape": [2]}
    code = {"name": "y", "type": "TFSMLayer", "inputs": ["x"], "config": {}, "shape": [2]}
    with pytest.raises(ModelError, match="y is a TFSMLayer, which no graph may hold"):
        keras_model({"layers": [layer, code], "outputs": {"y": "y"}, "features": "y"})

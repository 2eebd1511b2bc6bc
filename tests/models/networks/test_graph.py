"""A network as plain JSON: into Keras and into ONNX, and the same numbers from both."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import onnx
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import cascade_graph, default_models_folder, load_model_folder
from fracture_widgets.models.networks import PROBE_INPUTS, STAGE_MEANS, probe_name
from fracture_widgets.models.networks.cascade import build_cascade_network, cascade_network_graph
from fracture_widgets.models.networks.graph import keras_model
from fracture_widgets.models.networks.question import build_single_question_network, question_graph
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import assign_weights, collect_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

keras = pytest.importorskip("keras")

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SPREAD = {"gamma": (0.5, 1.0), "moving_variance": (0.5, 2.0)}
SMALL = 96  # pixels a side: every layer is there, and soon computed
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


def told(model, pixels):
    """Return every output of a network by name, computed at once: one call is not worth a trace."""
    given = model(pixels, training=False)
    answers = given if isinstance(given, dict) else {model.output_names[0]: given}
    return {name: np.asarray(values) for name, values in answers.items()}


@pytest.fixture(scope="module")
def inputs():
    drawn = [draw_phantom(part, fractured=True, seed=7).radiograph for part in BODY_PARTS]
    return np.stack([network_input(radiograph.pixels) for radiograph in drawn])


@cache
def built(name):
    """Return a network for small pictures, all of whose layers are there, and its graph."""
    keras.utils.set_random_seed(0)
    model = build_single_question_network("hand", trunk=ARCHITECTURES[name].build, size=SMALL)
    return model, json.loads(json.dumps(question_graph(model)))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_is_the_same_in_keras_and_in_onnx(name, inputs):
    model, graph = built(name)
    weights = lively(model)
    assign_weights(model, weights)
    pixels = inputs[:, ::2, ::2][:, :SMALL, :SMALL]

    again = keras_model(graph)
    assign_weights(again, weights)
    expected = told(again, pixels)
    np.testing.assert_array_equal(expected["hand"], told(model, pixels)["hand"])

    written = build_onnx_model(graph, weights)
    onnx.checker.check_model(written, full_check=True)
    assert all(one.type.tensor_type.shape.dim for one in written.graph.output)
    for output, values in OnnxEngine(written).run(pixels).items():
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
    densenet = ARCHITECTURES["densenet169"].build
    again = build_single_question_network("hand", trunk=densenet, size=SMALL)
    assert question_graph(again) == built("densenet169")[1]
    first, second = (
        question_graph(build_single_question_network("hand", trunk=unnamed_trunk)) for _ in range(2)
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


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    model = build_cascade_network(BODY_PARTS)
    assign_weights(model, lively(model))
    for part in BODY_PARTS:  # they start at 0, where a probe left out would not show
        probe = model.get_layer(probe_name(part))
        probe.kernel.assign(keras.random.normal(probe.kernel.shape, stddev=0.01, seed=1))
    return model


@pytest.fixture(scope="module")
def weights(network):
    return collect_weights(network)


def test_the_graph_is_flat(network):
    assert not [layer for layer in network.layers if isinstance(layer, keras.Model)]


def test_the_trunk_has_the_layers_of_keras_applications(network):
    reference = keras.applications.ResNet50(weights=None, include_top=False)
    expected = {layer.name: layer.count_params() for layer in reference.layers if layer.weights}
    ours = {layer.name: layer.count_params() for layer in network.layers if layer.weights}
    assert expected.items() <= ours.items()


def test_outputs_have_their_documented_shapes(network):
    shapes = {name: tensor.shape[1:] for name, tensor in network.output.items()}
    assert shapes == {
        "body_part": (3,),
        **dict.fromkeys(BODY_PARTS, (2,)),
        "fracture_map": (14, 14, 1),
        "conv5_block3_out": (7, 7, 2048),
        "avg_pool": (2048,),
        "fracture_evidence": (97,),
        "probe_inputs": (3330,),
    }


def test_heads_are_the_papers(network):
    for name in ("body_part", *BODY_PARTS):
        units = [network.get_layer(f"{name}_dense{i}").units for i in (1, 2)]
        assert [*units, network.get_layer(name).activation.__name__] == [128, 50, "softmax"]


@pytest.fixture(scope="module")
def given(weights, inputs):
    """What the network says in ONNX."""
    return OnnxEngine.of_graph(cascade_graph(), weights).run(inputs)


def test_onnx_gives_the_numbers_of_keras(network, given, inputs):
    expected = told(network, inputs)
    assert given.keys() == expected.keys()
    for name, values in expected.items():
        scale = max(1.0, float(np.abs(values).max()))
        np.testing.assert_allclose(given[name] / scale, values / scale, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("part", BODY_PARTS)
def test_a_part_s_probe_moves_that_part_s_answer_alone(weights, given, inputs, part):
    name = f"{probe_name(part)}/bias"
    after = OnnxEngine.of_graph(cascade_graph(), {**weights, name: weights[name] + 5}).run(inputs)
    moved = {other for other in given if not np.array_equal(given[other], after[other])}
    assert moved == {part}


def test_the_probes_see_the_means_of_the_stages_first(network, given, inputs):
    stages = [network.get_layer(name).output for name in ("conv3_block4_out", "conv4_block6_out")]
    outputs = keras.Model(network.input, stages)(inputs, training=False)
    means = np.concatenate([np.asarray(stage).mean((1, 2)) for stage in outputs], axis=1)
    assert means.shape[1] == STAGE_MEANS
    seen = given[PROBE_INPUTS][:, :STAGE_MEANS]
    scale = np.abs(means).max()
    np.testing.assert_allclose(seen / scale, means / scale, atol=1e-4)


def test_a_missing_weight_is_named(weights):
    without = {name: array for name, array in weights.items() if name != "hand/kernel"}
    with pytest.raises(ModelError, match="hand/kernel is missing"):
        build_onnx_model(cascade_graph(), without)


def test_weights_of_another_shape_are_refused(network, weights):
    with pytest.raises(ModelError, match=r"conv1_conv/kernel has shape \(1, 2\)"):
        assign_weights(network, {**weights, "conv1_conv/kernel": np.zeros((1, 2), np.float32)})

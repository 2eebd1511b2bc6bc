"""The cascade's network: flat, shared, named as Keras names it, and the same in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import cascade_graph
from fracture_widgets.models.networks.cascade import build_cascade_network, load_trunk
from fracture_widgets.models.networks.names import PROBE_INPUTS, STAGE_MEANS, probe_name
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import assign_weights, collect_weights, write_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    Weights = dict[str, npt.NDArray[np.float32]]


def _lively(weights: Weights) -> Weights:
    """Give every normalisation statistics of its own, so that folding one wrongly shows."""
    rng = np.random.default_rng(0)
    spread = {"gamma": (0.5, 1.0), "moving_variance": (0.5, 2.0)}
    return {
        name: rng.uniform(*spread.get(name.rsplit("/")[-1], (-0.2, 0.2)), array.shape).astype("f4")
        if "_bn/" in name or name.endswith("/bias")
        else array
        for name, array in weights.items()
    }


@pytest.fixture(scope="module")
def network() -> keras.Model:
    import keras

    keras.utils.set_random_seed(0)
    model = build_cascade_network(BODY_PARTS)
    assign_weights(model, _lively(collect_weights(model)))
    for part in BODY_PARTS:  # they start at 0, where a probe left out would not show
        probe = model.get_layer(probe_name(part))
        probe.kernel.assign(keras.random.normal(probe.kernel.shape, stddev=0.01, seed=1))
    return model


@pytest.fixture(scope="module")
def weights(network: keras.Model) -> Weights:
    return collect_weights(network)


@pytest.fixture(scope="module")
def inputs() -> npt.NDArray[np.float32]:
    drawn = [draw_phantom(part, fractured=True, seed=7).radiograph for part in BODY_PARTS]
    return np.stack([network_input(radiograph.pixels) for radiograph in drawn])


def test_the_graph_is_flat(network: keras.Model) -> None:
    import keras

    assert not [layer for layer in network.layers if isinstance(layer, keras.Model)]


def test_the_trunk_has_the_layers_of_keras_applications(network: keras.Model) -> None:
    import keras

    reference = keras.applications.ResNet50(weights=None, include_top=False)
    expected = {layer.name: layer.count_params() for layer in reference.layers if layer.weights}
    ours = {layer.name: layer.count_params() for layer in network.layers if layer.weights}
    assert expected.items() <= ours.items()


def test_outputs_have_their_documented_shapes(network: keras.Model) -> None:
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


def test_heads_are_the_papers(network: keras.Model) -> None:
    for name in ("body_part", *BODY_PARTS):
        units = [network.get_layer(f"{name}_dense{i}").units for i in (1, 2)]
        assert [*units, network.get_layer(name).activation.__name__] == [128, 50, "softmax"]


def test_onnx_gives_the_numbers_of_keras(
    network: keras.Model, weights: Weights, inputs: npt.NDArray[np.float32]
) -> None:
    expected = {
        name: np.asarray(values) for name, values in network.predict_on_batch(inputs).items()
    }
    given = OnnxEngine.of_graph(cascade_graph(), weights).run(inputs)
    assert given.keys() == expected.keys()
    for name, values in expected.items():
        scale = max(1.0, float(np.abs(values).max()))
        np.testing.assert_allclose(given[name] / scale, values / scale, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("part", BODY_PARTS)
def test_a_part_s_probe_moves_that_part_s_answer_alone(
    weights: Weights, inputs: npt.NDArray[np.float32], part: str
) -> None:
    name = f"{probe_name(part)}/bias"
    before = OnnxEngine.of_graph(cascade_graph(), weights).run(inputs)
    after = OnnxEngine.of_graph(cascade_graph(), {**weights, name: weights[name] + 5}).run(inputs)
    moved = {other for other in before if not np.array_equal(before[other], after[other])}
    assert moved == {part}


def test_the_probes_see_the_means_of_the_stages_first(
    network: keras.Model, inputs: npt.NDArray[np.float32], weights: Weights
) -> None:
    import keras

    stages = [network.get_layer(name).output for name in ("conv3_block4_out", "conv4_block6_out")]
    outputs = keras.Model(network.input, stages).predict_on_batch(inputs)
    means = np.concatenate([np.asarray(stage).mean((1, 2)) for stage in outputs], axis=1)
    assert means.shape[1] == STAGE_MEANS
    given = OnnxEngine.of_graph(cascade_graph(), weights).run(inputs)[PROBE_INPUTS][:, :STAGE_MEANS]
    scale = np.abs(means).max()
    np.testing.assert_allclose(given / scale, means / scale, atol=1e-4)


def test_a_missing_weight_is_named(weights: Weights) -> None:
    without = {name: array for name, array in weights.items() if name != "hand/kernel"}
    with pytest.raises(ModelError, match="hand/kernel is missing"):
        build_onnx_model(cascade_graph(), without)


def test_weights_of_another_shape_are_refused(network: keras.Model, weights: Weights) -> None:
    with pytest.raises(ModelError, match=r"conv1_conv/kernel has shape \(1, 2\)"):
        assign_weights(network, {**weights, "conv1_conv/kernel": np.zeros((1, 2), np.float32)})


def test_a_file_with_a_part_of_the_trunk_says_what_it_lacks(
    network: keras.Model, weights: Weights, tmp_path: Path
) -> None:
    part = {name: array for name, array in weights.items() if name.startswith(("conv1", "conv2"))}
    write_weights(tmp_path / "part.npz", part)
    missing = load_trunk(network, tmp_path / "part.npz")
    assert missing
    assert all(name.startswith(("conv3", "conv4", "conv5")) for name in missing)

"""The network that looks twice: one graph for every size, the same in Keras and in ONNX."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from fracture_widgets.models.networks import precision
from fracture_widgets.models.networks.graph import graph_of
from fracture_widgets.models.networks.looks import (
    CONTEXT,
    FEATURES,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    build_looks_network,
    fill_from_imagenet,
    looks_graph,
)
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import collect_weights

pytestmark = pytest.mark.keras

PARTS = ("elbow", "hand", "shoulder")


@pytest.fixture(scope="module")
def network():
    return build_looks_network(PARTS)


def test_answers_pictures_of_any_size_alike_in_keras_and_onnx(network) -> None:
    model = build_onnx_model(looks_graph(PARTS), collect_weights(network))
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    rng = np.random.default_rng(0)
    for height, width in ((64, 96), (128, 64)):
        pixels = rng.uniform(0, 255, (2, height, width, 1)).astype(np.float32)
        answers = dict(zip(names, session.run(names, {"radiograph": pixels}), strict=True))
        reference = network(pixels)
        assert set(answers) == set(reference)
        for name, answer in answers.items():
            assert np.allclose(answer, reference[name], atol=1e-4), name
        assert answers[JOINT_HEAT].shape == (2, height // 16, width // 16, 3)
        assert answers[FRACTURE_SIDES].shape == (2, height // 8, width // 8, 4)
        assert answers[CONTEXT].shape == (2, height // 32, width // 32, 256)
        assert answers[FRACTURE_LOGITS].shape == (2, 4)


def test_heads_answer_in_float32_where_the_trunk_computes_in_bfloat16(network) -> None:
    with precision(bfloat16=True):
        mixed = build_looks_network(PARTS)
    dtypes = {name: output.dtype for name, output in mixed.output.items()}
    assert dtypes.pop(CONTEXT) == dtypes.pop(FEATURES) == "bfloat16"
    assert set(dtypes.values()) == {"float32"}
    assert graph_of(mixed, FEATURES) == looks_graph(PARTS)
    mixed.set_weights(network.get_weights())
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 1)).astype(np.float32)
    found, reference = mixed(pixels)[FRACTURE_LOGITS], network(pixels)[FRACTURE_LOGITS]
    assert np.allclose(found, reference, atol=0.05)


def test_folded_weights_are_the_stages_of_resnet50(network, monkeypatch) -> None:
    import keras

    resnet = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(128, 128, 3))
    rng = np.random.default_rng(1)
    given = {}
    for layer in resnet.layers:
        for weight in layer.weights:
            spread = rng.normal(0, 0.05, weight.shape)
            positive = weight.name in ("gamma", "moving_variance")
            given[f"{layer.name}/{weight.name}"] = (1 + np.abs(spread)) if positive else spread
            weight.assign(given[f"{layer.name}/{weight.name}"])
    # What Keras would download is taken from the same network.
    monkeypatch.setattr(keras.applications, "ResNet50", lambda weights, include_top: resnet)
    fill_from_imagenet(network, "imagenet")
    folded = [weight.numpy() for weight in network.weights]
    fill_from_imagenet(network, given)
    for weight, before in zip(network.weights, folded, strict=True):
        assert np.allclose(weight, before, atol=1e-5), weight.path
    pixels = rng.uniform(0, 255, (1, 128, 128, 1)).astype(np.float32)
    colours = np.repeat(pixels, 3, -1) - np.array([103.939, 116.779, 123.68], np.float32)
    wanted = keras.Model(resnet.input, resnet.get_layer("conv2_block3_out").output)(colours)
    seen = keras.Model(network.input, network.get_layer("conv2_block3_out").output)(pixels)
    # At the edge, what lies outside counts as one grey, and not as each colour's own mean.
    inner = np.s_[:, 8:-8, 8:-8]
    assert np.allclose(np.asarray(wanted)[inner], np.asarray(seen)[inner], rtol=1e-3, atol=5e-3)

import numpy as np
import pytest

from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks import CONV5_OUTPUT, POOLED_OUTPUT
from fracture_widgets.parts import BODY_PARTS

keras = pytest.importorskip("keras")

from fracture_widgets.models.networks import precision  # noqa: E402
from fracture_widgets.models.networks.question import (  # noqa: E402
    build_single_question_network,
    head,
)
from fracture_widgets.models.weight_files import collect_weights, write_weights  # noqa: E402

pytestmark = pytest.mark.keras


def tiny(size):
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = keras.layers.Conv2D(4, 4, strides=4, name="conv1_conv")(radiograph)
    return keras.Model(radiograph, keras.layers.Conv2D(6, 2, name="conv2_conv")(x))


def test_the_paper_s_network_is_resnet_50_with_one_head_in_one_flat_graph():
    model = build_single_question_network("body_part", labels=BODY_PARTS, size=64)
    assert model.input_shape == (None, 64, 64, 1)
    assert model.output_shape == (None, 3)
    assert model.get_layer(CONV5_OUTPUT).output.shape == (None, 2, 2, 2048)
    assert model.get_layer(POOLED_OUTPUT).output.shape == (None, 2048)
    assert [model.get_layer(f"body_part{end}").units for end in ("_dense1", "_dense2", "")] == [
        128, 50, 3,
    ]  # fmt: skip
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    named = {f"{layer.name}/{weight.name}" for layer in model.layers for weight in layer.weights}
    reference = keras.applications.ResNet50(weights=None, include_top=False)
    assert {
        f"{layer.name}/{weight.name}" for layer in reference.layers for weight in layer.weights
    } <= named


def test_a_fracture_network_answers_in_the_order_of_the_labels():
    model = build_single_question_network("hand", trunk=tiny, size=16)
    assert model.output_names == ["hand"]
    assert model.output_shape == (None, 2)
    answers = np.asarray(model(np.ones((1, 16, 16, 1), np.float32)))
    assert answers.sum() == pytest.approx(1)


def test_weights_come_from_a_file_or_from_arrays(tmp_path):
    start = collect_weights(tiny(16))
    path = tmp_path / "trunk.npz"
    write_weights(path, start)
    for weights in (path, start):
        model = build_single_question_network("elbow", weights, trunk=tiny, size=16)
        np.testing.assert_allclose(
            collect_weights(model)["conv2_conv/kernel"], start["conv2_conv/kernel"], atol=1e-3
        )


def test_a_frozen_trunk_leaves_the_head_alone_to_train():
    model = build_single_question_network(
        "elbow", collect_weights(tiny(16)), trunk=tiny, size=16, frozen_trunk=True
    )
    assert len(model.trainable_weights) == 6
    assert len(model.weights) == 10


def test_a_frozen_trunk_needs_all_of_its_weights():
    some = {name: w for name, w in collect_weights(tiny(16)).items() if name.startswith("conv1")}
    said = []
    build_single_question_network("elbow", some, trunk=tiny, size=16, say=said.append)
    assert said == ["2 of the trunk's weights start at random, conv2_conv/kernel first."]
    for weights in (some, None):
        with pytest.raises(ModelError, match="would stay random, conv"):
            build_single_question_network("elbow", weights, trunk=tiny, size=16, frozen_trunk=True)


def test_weights_of_something_else_are_refused():
    with pytest.raises(ModelError, match="none of the trunk's 4 is among them"):
        build_single_question_network("elbow", {"other/kernel": np.ones(2)}, trunk=tiny, size=16)
    with pytest.raises(ModelError, match="no ImageNet weights for this trunk, only for resnet50"):
        build_single_question_network("elbow", "imagenet", trunk=tiny, size=16)


@pytest.mark.parametrize(("bfloat16", "computes"), [(False, "float32"), (True, "bfloat16")])
def test_a_network_computes_as_it_was_built_and_answers_in_float32(
    bfloat16: bool, computes: str
) -> None:
    with precision(bfloat16=bfloat16):
        features = keras.Input((8,))
        model = keras.Model(features, head(features, "answer", 2))
    hidden, answer = model.get_layer("answer_dense1"), model.get_layer("answer")
    assert (hidden.compute_dtype, hidden.variable_dtype) == (computes, "float32")
    assert (answer.compute_dtype, answer.variable_dtype) == ("float32", "float32")


def test_the_precision_before_comes_back_also_after_an_error() -> None:
    before = keras.config.dtype_policy().name
    with pytest.raises(RuntimeError), precision(bfloat16=True):
        raise RuntimeError
    assert keras.config.dtype_policy().name == before

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from fracture_widgets.errors import ModelError  # noqa: E402
from fracture_widgets.models.networks import POOLED_OUTPUT  # noqa: E402
from fracture_widgets.models.networks.question import build_single_question_network  # noqa: E402
from fracture_widgets.models.networks.trunks import (  # noqa: E402
    ARCHITECTURES,
    fill_trunk,
    started_from,
)
from fracture_widgets.models.weight_files import collect_weights, write_weights  # noqa: E402

pytestmark = pytest.mark.keras

CHANNELS = {"resnet50": 2048, "alexnet": 256, "vgg16": 512, "densenet169": 1664}


@pytest.fixture(scope="module")
def trunks():
    keras.utils.set_random_seed(0)
    return {name: one.build(96) for name, one in ARCHITECTURES.items()}


@pytest.mark.parametrize("name", CHANNELS)
def test_every_trunk_takes_greys_and_gives_features_in_one_flat_graph(trunks, name):
    trunk = trunks[name]
    assert trunk.input_shape == (None, 96, 96, 1)
    assert len(trunk.output_shape) == 4
    assert trunk.output_shape[-1] == CHANNELS[name]
    assert not any(isinstance(layer, keras.Model) for layer in trunk.layers)
    greys = np.random.default_rng(0).uniform(0, 255, (2, 96, 96, 1)).astype(np.float32)
    features = np.asarray(trunk(greys))
    assert np.isfinite(features).all()
    assert not np.allclose(features[0], features[1])


@pytest.mark.parametrize("name", CHANNELS)
def test_every_trunk_answers_a_question_and_its_pooled_features_can_be_kept(trunks, name):
    model = build_single_question_network("fracture", trunk=lambda _: trunks[name], size=96)
    assert model.output_names == ["fracture"]
    assert model.output_shape == (None, 2)
    assert model.get_layer(POOLED_OUTPUT).output.shape == (None, CHANNELS[name])


def test_alexnet_has_eight_layers_that_learn_and_pools_to_six_by_six():
    trunk = ARCHITECTURES["alexnet"].build(224)
    assert trunk.output_shape == (None, 6, 6, 256)
    network = build_single_question_network("hand", trunk=ARCHITECTURES["alexnet"].build)
    learning = (keras.layers.Conv2D, keras.layers.Dense)
    assert sum(isinstance(layer, learning) for layer in network.layers) == 8


@pytest.mark.parametrize(
    ("name", "application"), [("vgg16", "VGG16"), ("densenet169", "DenseNet169")]
)
def test_the_features_are_those_of_keras_applications_on_its_own_preprocessing(
    trunks, name, application
):
    reference = getattr(keras.applications, application)(
        weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    trunk = trunks[name]
    assert collect_weights(reference).keys() == collect_weights(trunk).keys()
    assert fill_trunk(trunk, collect_weights(reference), ARCHITECTURES[name].build) == []
    greys = np.random.default_rng(1).uniform(0, 255, (2, 96, 96, 1)).astype(np.float32)
    prepare = getattr(keras.applications, name.removesuffix("169")).preprocess_input
    expected = np.asarray(reference(prepare(np.repeat(greys, 3, axis=-1))))
    np.testing.assert_allclose(np.asarray(trunk(greys)), expected, rtol=1e-3, atol=1e-4)


def test_a_file_fills_a_trunk_wholly_or_in_part_and_what_it_started_from_is_said(trunks, tmp_path):
    alexnet, build = trunks["alexnet"], ARCHITECTURES["alexnet"].build
    whole = collect_weights(alexnet)
    path = tmp_path / "alexnet-imagenet.npz"
    write_weights(path, whole)
    assert fill_trunk(alexnet, path, build) == []
    assert started_from(path, []) == started_from("imagenet", []) == "ImageNet"

    part = {name: array for name, array in whole.items() if not name.startswith("conv5")}
    missing = fill_trunk(alexnet, part, build)
    assert missing[0] == "conv5_conv/kernel"
    assert started_from(path, missing) == "ImageNet in part: 5 weights at random"
    assert started_from(tmp_path / "ours.npz", []) == "ours.npz"
    assert started_from(part, []) == "given weights"

    assert fill_trunk(alexnet, None, build) == list(whole)
    assert started_from(None, list(whole)) == "random"


def test_weights_that_there_are_not_are_one_sentence(trunks):
    alexnet, build = trunks["alexnet"], ARCHITECTURES["alexnet"].build
    with pytest.raises(ModelError, match="only for resnet50, vgg16, densenet169: give a weight"):
        fill_trunk(alexnet, "imagenet", build)
    with pytest.raises(ModelError, match="none of the trunk's 25 is among them"):
        fill_trunk(alexnet, {"other/kernel": np.ones(2)}, build)

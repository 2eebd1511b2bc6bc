import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("keras")

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.models.networks.question import build_single_question_network
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.training.features import FeatureCache, pooled_examples

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def network(tiny_trunk, trunk_weights):
    return build_single_question_network(
        "hand", read_weights(trunk_weights), trunk=tiny_trunk, frozen_trunk=True
    )


@pytest.fixture
def pictures(tmp_path):
    """Three different pictures."""
    paths = []
    for number in range(3):
        grey = np.random.default_rng(number).integers(0, 255, (30, 20), dtype=np.uint8)
        paths.append(tmp_path / f"image{number}.png")
        Image.fromarray(grey).save(paths[-1])
    return pd.DataFrame({"image_path": map(str, paths), "split": "train"})


@pytest.fixture
def counting(network, monkeypatch):
    """Count the radiographs that are decoded, which is what a kept feature spares."""
    from fracture_widgets.training import data

    read = []
    real = data.read_radiograph
    monkeypatch.setattr(data, "read_radiograph", lambda path: (read.append(path), real(path))[1])
    return read


def test_features_are_computed_once_and_then_read(network, pictures, counting, tmp_path):
    path = tmp_path / "cache" / "features"
    first = pooled_examples(network, pictures, FeatureCache(path), SILENT)
    assert first.inputs.shape == (3, 8)
    assert len(counting) == 3
    again = pooled_examples(network, pictures, FeatureCache(path), SILENT)
    assert len(counting) == 3
    np.testing.assert_array_equal(first.inputs, again.inputs)


def test_features_are_what_the_network_pools(network, pictures, tmp_path):
    import keras

    from fracture_widgets.imaging.preprocessing import network_input
    from fracture_widgets.imaging.radiograph import read_radiograph

    kept = pooled_examples(network, pictures, FeatureCache(tmp_path / "f"), SILENT)
    pooled = keras.Model(network.input, network.get_layer("avg_pool").output)
    seen = [network_input(read_radiograph(path).pixels) for path in pictures.image_path]
    # In whole greys; the network input has fractions of them.
    np.testing.assert_allclose(kept.inputs, pooled.predict_on_batch(np.stack(seen)), atol=0.01)


def test_a_changed_file_or_trunk_is_computed_anew(
    network, pictures, counting, tmp_path, tiny_trunk, trunk_weights
):
    store = FeatureCache(tmp_path / "features")
    before = pooled_examples(network, pictures, store, SILENT).inputs
    Image.fromarray(np.eye(30, dtype=np.uint8) * 200).save(pictures.image_path[1])
    after = pooled_examples(network, pictures, store, SILENT).inputs
    assert len(counting) == 4
    assert (before != after).any(axis=1).tolist() == [False, True, False]

    weights = {name: 1.1 * array for name, array in read_weights(trunk_weights).items()}
    other = build_single_question_network("hand", weights, trunk=tiny_trunk, frozen_trunk=True)
    pooled_examples(other, pictures, store, SILENT)
    assert len(counting) == 7


def test_a_renamed_file_is_the_same_radiograph(network, pictures, counting, tmp_path):
    store = FeatureCache(tmp_path / "features")
    pooled_examples(network, pictures, store, SILENT)
    moved = tmp_path / "other name.png"
    moved.write_bytes((tmp_path / "image2.png").read_bytes())
    pooled_examples(network, pd.DataFrame({"image_path": [str(moved)]}), store, SILENT)
    assert len(counting) == 3


def test_unreadable_and_missing_files_are_skipped_in_place(network, pictures, tmp_path):
    (tmp_path / "image1.png").write_bytes(b"no picture")
    pictures.loc[3] = [str(tmp_path / "gone.png"), "train"]
    said = []
    store = FeatureCache(tmp_path / "features")
    examples = pooled_examples(network, pictures, store, Monitor(on_say=said.append))
    assert [name for name, _ in examples.skipped] == ["image1.png", "gone.png"]
    assert len(said) == 2
    assert examples.table.image_path.tolist() == pictures.image_path[[0, 2]].tolist()
    assert len(examples.inputs) == 2


def test_a_store_that_cannot_be_used_is_named_once_and_done_without(network, pictures, tmp_path):
    path = tmp_path / "features"
    path.write_bytes(b"a file, where a folder should be")
    said = []
    examples = pooled_examples(network, pictures, FeatureCache(path, said.append), SILENT)
    assert len(examples.inputs) == 3
    assert len(said) == 1
    assert said[0].startswith("Features are not kept: features cannot be used (")

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

pytest.importorskip("tensorflow")

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.data import (
    Augmenter,
    Shuffle,
    augmented_views,
    batches,
    class_weights,
    one_hot,
)
from fracture_widgets.training.plan import Augmentation

pytestmark = pytest.mark.keras

STILL = Augmentation(flip=False, rotation=0, zoom=0, contrast=0)


def test_answers_become_columns_in_the_order_of_the_labels():
    assert one_hot(["b", "a"], ("a", "b", "c")).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_class_weights_are_scikit_learn_s_balanced_ones():
    answers = np.array(["a"] * 7 + ["b"] * 2 + ["c"])
    expected = compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=answers)
    weights = class_weights(one_hot(answers, ("a", "b", "c")))
    assert [weights[number] for number in range(3)] == pytest.approx(expected)


def test_an_epoch_shows_every_row_once_and_another_one_in_another_order():
    greys = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    targets = one_hot(np.arange(10).astype(str), tuple(map(str, range(10))))
    rows = np.array([1, 3, 5, 7, 9])
    data = batches(greys, targets, rows, size=2, shuffled=Shuffle(0))
    epochs = []
    for _ in range(2):
        seen = []
        for inputs, wanted in data:
            assert inputs.shape[1:] == (2, 2, 1)
            # Picture and target stay together.
            assert inputs[:, 0, 0, 0].numpy().tolist() == wanted.numpy().argmax(axis=1).tolist()
            seen += inputs[:, 0, 0, 0].numpy().astype(int).tolist()
        epochs.append(seen)
    assert [sorted(seen) for seen in epochs] == [rows.tolist()] * 2
    assert epochs[0] != epochs[1]
    assert len(data) == 3


def test_without_shuffling_rows_come_in_order_and_features_as_they_are():
    features = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    data = batches(features, np.eye(4, dtype=np.float32), np.array([2, 0]), size=8)
    ((inputs, targets),) = data
    np.testing.assert_array_equal(inputs, features[[2, 0]])
    np.testing.assert_array_equal(targets, np.eye(4)[[2, 0]])


@pytest.fixture(scope="module")
def greys():
    return np.random.default_rng(1).uniform(0, 255, (6, 32, 32, 1)).astype(np.float32)


def test_no_variation_changes_nothing(greys):
    np.testing.assert_allclose(Augmenter(STILL, 0)(greys), greys, atol=1e-2)


@pytest.mark.parametrize(
    "settings",
    [
        Augmentation(flip=True, rotation=0, zoom=0, contrast=0),
        Augmentation(flip=False, rotation=10, zoom=0, contrast=0),
        Augmentation(flip=False, rotation=0, zoom=0.2, contrast=0),
        Augmentation(flip=False, rotation=0, zoom=0, contrast=0.3),
    ],
)
def test_every_variation_varies_and_stays_within_the_greys(greys, settings):
    varied = np.asarray(Augmenter(settings, 0)(greys))
    changed = np.abs(varied - greys).max(axis=(1, 2, 3)) > 1
    assert changed.any()
    assert varied.shape == greys.shape
    assert varied.min() >= 0
    assert varied.max() <= 255


def test_a_seed_repeats_and_the_next_batch_differs(greys):
    first, again = Augmenter(Augmentation(), 3), Augmenter(Augmentation(), 3)
    one = np.asarray(first(greys))
    np.testing.assert_array_equal(one, again(greys))
    assert not np.array_equal(one, first(greys))


def test_any_epoch_can_be_drawn_again(greys):
    shuffle, vary = Shuffle(3), Augmenter(Augmentation(), 3)
    rows = np.arange(50)

    def drawn(epoch):
        shuffle.begin(epoch)
        vary.begin(epoch)
        return shuffle(rows), np.asarray(vary(greys))

    first, second, again = drawn(4), drawn(5), drawn(4)
    for one, other, same in zip(first, second, again, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


def test_what_turns_into_view_is_black():
    white = np.full((8, 32, 32, 1), 255, np.float32)
    settings = Augmentation(flip=False, rotation=45, zoom=0, contrast=0)
    corners = np.asarray(Augmenter(settings, 0)(white))[:, 0, 0, 0]
    assert corners.min() == 0


HAND = draw_phantom("hand", fractured=False, seed=3).radiograph


def test_views_differ_from_one_another_and_come_again_with_the_seed():
    views, again = (augmented_views(HAND, 3, seed=1) for _ in range(2))
    assert {view.pixels.shape for view in views} == {(224, 224)}
    assert np.abs(views[0].pixels - views[1].pixels).max() > 0.1
    np.testing.assert_allclose(views[2].pixels, again[2].pixels, atol=1e-6)


def test_without_variation_it_is_what_the_network_sees():
    nothing = Augmentation(flip=False, rotation=0, zoom=0, contrast=0)
    (view,) = augmented_views(HAND, 1, nothing)
    seen = network_input(HAND.pixels)[..., 0] / 255
    np.testing.assert_allclose(view.pixels, seen, atol=0.01)


def test_fewer_than_one_is_refused():
    with pytest.raises(ValueError, match="1 or more"):
        augmented_views(HAND, 0)

"""The loop that every recipe shares: batches in an order of their own, epoch by epoch."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from fracture_widgets.errors import TrainingError  # noqa: E402
from fracture_widgets.training.loop import TrainingLoop  # noqa: E402
from fracture_widgets.training.plan import TrainingPlan  # noqa: E402
from fracture_widgets.training.teaching import (  # noqa: E402
    TrainingMonitor,
    make_variables,
    run_epochs,
)

pytestmark = pytest.mark.keras

GREYS = np.random.default_rng(0).uniform(size=(12, 4)).astype(np.float32)


def build() -> keras.Model:
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="relu")(inputs))
    model = keras.Model(inputs, {"answer": keras.layers.Dense(1, name="answer")(hidden)})
    model.compile("adam", loss={"answer": "mse"})
    return model


def batches(seed: int):
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(GREYS))
        for start in range(0, len(GREYS), 4):
            rows = order[start : start + 4]
            truth = GREYS[rows].sum(axis=1, keepdims=True)
            yield GREYS[rows], {"answer": truth}, {"answer": np.ones(4, np.float32)}


def test_it_ends_where_steps_taken_one_by_one_do():
    model, stepped = build(), build()
    ended = []
    follower = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: ended.append(epoch))
    run_epochs(model, batches(1), [follower], epochs=3, batch=4, steps_per_epoch=3)
    given = batches(1)
    for _ in range(9):
        stepped.train_on_batch(*next(given))
    assert ended == [0, 1, 2]
    for one, other in zip(model.get_weights(), stepped.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_a_step_is_traced_once_also_with_several_outputs():
    traced: list[bool] = []

    class Counting(keras.layers.Layer):
        def call(self, x, training=None):
            if training:
                traced.append(training)
            return x

    inputs = keras.Input((4,))
    seen = Counting()(inputs)
    names = ("answer", "doubt")
    model = keras.Model(inputs, {name: keras.layers.Dense(1, name=name)(seen) for name in names})
    model.compile("adam", loss=dict.fromkeys(names, "mse"))
    given = ((greys, truth | {"doubt": 0 * truth["answer"]}) for greys, truth, _ in batches(1))
    make_variables(model)
    run_epochs(model, given, [], epochs=2, batch=4, steps_per_epoch=3)
    assert traced == [True]


def test_too_little_memory_is_one_sentence(monkeypatch):
    import tensorflow as tf

    def exhausted(*_: object, **__: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory")

    model = build()
    monkeypatch.setattr(model, "fit", exhausted)
    with pytest.raises(TrainingError, match=r"^There is too little memory for batches of 4: choo"):
        run_epochs(model, batches(1), [], epochs=1, batch=4)


@pytest.mark.parametrize("batch", [4, 64])
def test_after_an_epoch_of_few_steps_a_network_is_judged_by_what_it_learned_from(batch):
    """Batch norms that forget slowly would judge it by their start, and stop it early for that."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    greys = 12 + 3 * rng.normal(size=(256, 6)).astype(np.float32)
    truth = np.eye(2, dtype=np.float32)[(greys.mean(axis=1) > 12).astype(int)]
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6,))
    hidden = keras.layers.BatchNormalization()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(hidden))

    plan = TrainingPlan(epochs=1, learning_rate=0.01)
    data = tf.data.Dataset.from_tensor_slices((greys, truth)).batch(batch)
    fitted = TrainingLoop(model, plan, TrainingMonitor()).fit(data, data)
    judged = fitted.history["val_loss"].item()
    # By the statistics of the batch itself, as in training.
    answers = np.asarray(model(greys, training=True))
    learned = -np.log(answers[truth == 1]).mean()
    assert judged == pytest.approx(learned, abs=0.5)

"""Devices that train together do what one does."""

import json
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from fracture_widgets.errors import TrainingError
from fracture_widgets.training.loop import even_batch, strategy_for

# Batch normalisation sees the share of a device alone: a trunk without it shows the rest exactly.
PROGRAM = """
import json, sys
import numpy as np
from fracture_widgets.models.networks import require_keras
keras = require_keras("Training")
import tensorflow as tf
from fracture_widgets.training.plan import Augmentation, TrainingPlan
from fracture_widgets.training.recipes.paper import train_fracture_model

def build_plain_trunk(size):
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = keras.layers.Conv2D(8, 16, strides=16, activation="relu", name="conv1_conv")(x)
    return keras.Model(radiograph, x)

how, folder, *outs = sys.argv[1:]
cpu = tf.config.list_physical_devices("CPU")[0]
if how == "workers":
    strategies = [tf.distribute.MultiWorkerMirroredStrategy()]
else:
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    strategies = [None, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])]
plan = TrainingPlan(learning_rate=3e-3, batch=8, epochs=2, augmentation=Augmentation(),
    weights=None, validation=0.25, test=0.25)
for strategy, out in zip(strategies, outs):
    result = train_fracture_model("hand", folder, plan=plan, out=out, strategy=strategy,
        trunk=build_plain_trunk)
    print(json.dumps({
        "history": result.history.to_dict("list"),
        "weights": [float(np.abs(one).sum()) for one in result.model.get_weights()],
        "score": None if result.evaluation is None else result.evaluation.score.tolist(),
        "files": sorted(result.files),
        "devices": 1 if strategy is None else strategy.num_replicas_in_sync,
    }))
"""


def start(how, folder, outs, environ):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(folder), *map(str, outs)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
    )  # fmt: skip


def ends(programs, seconds=300):
    """Return what every program told of its trainings; none of them stays behind."""
    until = time.monotonic() + seconds
    try:
        told = [one.communicate(timeout=max(1, until - time.monotonic())) for one in programs]
    finally:
        for one in programs:
            one.kill()
            one.wait()
    for one, (_, said) in zip(programs, told, strict=True):
        assert one.returncode == 0, said[-3000:]
        assert "absl::InitializeLog" not in said  # TensorFlow was asked for no news
    return [
        [json.loads(line) for line in out.splitlines() if line.startswith("{")] for out, _ in told
    ]


@pytest.fixture
def environ(monkeypatch):
    import os

    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    return dict(os.environ)


def free_addresses(number):
    held = [socket.create_server(("localhost", 0)) for _ in range(number)]
    addresses = [f"localhost:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    return addresses


def assert_same(one, other):
    for name, values in one["history"].items():
        np.testing.assert_allclose(values, other["history"][name], rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(one["weights"], other["weights"], rtol=1e-3)
    np.testing.assert_allclose(one["score"], other["score"], atol=1e-4)


@pytest.mark.slow
@pytest.mark.keras
def test_two_devices_and_two_workers_of_one_s_own_end_where_one_does(folder, tmp_path, environ):
    pytest.importorskip("tensorflow")
    alone = start("alone", folder, [tmp_path / "one", tmp_path / "two"], environ)
    ((one, two),) = ends([alone])
    assert [one["devices"], two["devices"]] == [1, 2]
    assert_same(two, one)
    cluster = {"worker": free_addresses(2)}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": n}} for n in (0, 1)]
    outs = [tmp_path / "chief", tmp_path / "other"]
    (chief,), (other,) = ends(
        [
            start("workers", folder, [out], environ | {"TF_CONFIG": json.dumps(task)})
            for out, task in zip(outs, tasks, strict=True)
        ]
    )
    assert_same(chief, one)
    assert_same(other, one)
    assert {"weights", "card"} < set(chief["files"])
    assert other["files"] == []
    assert not outs[1].exists()


@pytest.mark.parametrize(("examples", "size", "replicas", "batch"), [
    (38, 8, 1, 8),  # one device takes every batch
    (38, 8, 2, 8),
    (38, 9, 2, 8),  # all shares are the same
    (33, 8, 2, 6),  # the last batch of one radiograph would leave a device with none
    (45, 8, 4, 16),  # so would one of five: 2, 2, 1 and none
    (3, 32, 2, 32),  # shares of 2 and 1
])  # fmt: skip
def test_every_device_has_a_share_of_every_batch(examples, size, replicas, batch):
    assert even_batch(examples, size, replicas) == batch


def test_too_few_radiographs_for_the_devices():
    with pytest.raises(TrainingError, match="3 radiographs in batches of 8 cannot be shared by 4"):
        even_batch(3, 8, 4)


def test_an_unknown_strategy_is_named():
    with pytest.raises(ValueError, match="one of mirrored. Received: 'tpu'"):
        strategy_for("tpu")

"""Devices and machines that train together do what one does."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fracture_widgets.cli import main
from fracture_widgets.errors import TrainingError
from fracture_widgets.training.strategies import even_batch, strategy_for

# Batch normalisation sees the share of a device alone: a trunk without it shows the rest exactly.
PROGRAM = """
import json, sys
import keras
import numpy as np
import tensorflow as tf
from fracture_widgets.training.recipes.paper import Augmentation, TrainingPlan, train_fracture_model

def build_plain_trunk(size):
    radiograph = keras.Input((size, size, 1), name="radiograph")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="scaled")(radiograph)
    x = keras.layers.Conv2D(8, 16, strides=16, activation="relu", name="conv1_conv")(x)
    return keras.Model(radiograph, x)

how, folder, out = sys.argv[1:4]
settings = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
epochs, resume = settings.get("epochs", 3), settings.get("resume", False)
stop = settings.get("stop")
cpu = tf.config.list_physical_devices("CPU")[0]
strategy = None if how == "one" else how
if how == "mirrored":
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
plan = TrainingPlan(learning_rate=3e-3, batch=8, epochs=epochs, augmentation=Augmentation(),
    weights=None, validation=0.25, test=0.25)
told = []
result = train_fracture_model("hand", folder, plan=plan, out=out, resume=resume, strategy=strategy,
    trunk=build_plain_trunk, progress=told.append,
    cancelled=lambda: stop is not None and (told[-1].epoch, told[-1].batch) == (stop, 1))
print(json.dumps({
    "history": result.history.to_dict("list"),
    "weights": [float(np.abs(one).sum()) for one in result.model.get_weights()],
    "score": None if result.evaluation is None else result.evaluation.score.tolist(),
    "interrupted": result.interrupted,
    "files": sorted(result.files),
}))
"""


def start(how, folder, out, environ, **settings):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(folder), str(out), json.dumps(settings)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
    )  # fmt: skip


def ends(programs, seconds=300):
    """Return what programs told; whatever goes wrong, none of them stays behind."""
    until = time.monotonic() + seconds
    try:
        told = [one.communicate(timeout=max(1, until - time.monotonic())) for one in programs]
    finally:
        for one in programs:
            one.kill()
            one.wait()
    for one, (_, said) in zip(programs, told, strict=True):
        assert one.returncode == 0, said[-3000:]
    return [json.loads(out.strip().splitlines()[-1]) for out, _ in told]


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


def two_workers(folder, outs, environ, settings=({}, {})):
    cluster = {"worker": free_addresses(2)}
    configs = [
        json.dumps({"cluster": cluster, "task": {"type": "worker", "index": n}}) for n in (0, 1)
    ]
    return [
        start("multiworker", folder, out, environ | {"TF_CONFIG": config}, **given)
        for out, config, given in zip(outs, configs, settings, strict=True)
    ]


def assert_same(one, other):
    for name, values in one["history"].items():
        np.testing.assert_allclose(values, other["history"][name], rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(one["weights"], other["weights"], rtol=1e-3)
    np.testing.assert_allclose(one["score"], other["score"], atol=1e-4)


@pytest.mark.slow
def test_two_devices_and_two_workers_end_where_one_does(folder, tmp_path, environ):
    pytest.importorskip("tensorflow")
    (one,) = ends([start("one", folder, tmp_path / "one", environ)])
    (two,) = ends([start("mirrored", folder, tmp_path / "two", environ)])
    assert_same(two, one)
    chief, other = ends(two_workers(folder, [tmp_path / "chief", tmp_path / "other"], environ))
    assert_same(chief, one)
    assert_same(other, one)
    assert {"weights", "card"} < set(chief["files"])
    assert other["files"] == []
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_all_workers_stop_when_one_is_asked_to_and_go_on_together(folder, tmp_path, environ):
    pytest.importorskip("tensorflow")
    (whole,) = ends([start("one", folder, tmp_path / "one", environ)])
    out = tmp_path / "run"
    # The second worker alone is asked to stop.
    stopped = ends(two_workers(folder, [out, out], environ, ({}, {"stop": 2})))
    assert [(one["interrupted"], len(one["history"]["loss"])) for one in stopped] == [(True, 1)] * 2
    again = {"resume": True}
    for one in ends(two_workers(folder, [out, out], environ, (again, again))):
        assert_same(one, whole)


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


def config(cluster=None, kind="worker", index=0):
    hosts = {"worker": ["one:1234", "two:1234"]} if cluster is None else cluster
    return json.dumps({"cluster": hosts, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(("given", "said"), [
    ("", "TF_CONFIG is not set: give every worker"),
    ("{worker: one}", "TF_CONFIG is no JSON"),
    ("[1]", "lacks a cluster or a task"),
    ('{"cluster": {"worker": ["one:1234"]}}', "lacks a cluster or a task"),
    (config(index=2), "worker 2, whom its cluster does not name: choose one of worker 0 to 1"),
    (config(index=-1), "this is worker -1"),
    (config(kind="chief"), "this is chief 0"),
    (config({"worker": ["one:1234"], "ps": ["two:1234"]}), r"do not train \(ps\)"),
    (config({"worker": ["one", "two:1234"]}), "names 'one' as a worker: write host and port"),
])  # fmt: skip
def test_a_wrong_tf_config_is_one_sentence(given, said, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", given)
    with pytest.raises(TrainingError, match=said):
        strategy_for("multiworker")


def test_a_first_worker_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("tensorflow")
    first, own = free_addresses(2)
    monkeypatch.setenv("TF_CONFIG", config({"worker": [first, own]}, index=1))
    with pytest.raises(TrainingError, match=f"did not answer at {first} within 0.5 s .*: start it"):
        strategy_for("multiworker", seconds=0.5)


def test_an_unknown_strategy_is_named():
    with pytest.raises(ValueError, match="one of mirrored, multiworker. Received: 'tpu'"):
        strategy_for("tpu")


def test_the_command_says_it_too(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", "{")
    command = ["train", "fracture", "hand", str(folder), "--out", str(tmp_path / "run")]
    assert main([*command, "--weights", "none", "--strategy", "multiworker"]) != 0
    assert "TF_CONFIG is no JSON" in capsys.readouterr().err
    assert not Path(tmp_path / "run").exists()

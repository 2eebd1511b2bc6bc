"""Where a training runs: on one device, on several of one machine, or on several machines.

All run the same code: a network is built in the scope of a ``tf.distribute`` strategy, every
replica learns from its share of each batch, and their gradients are summed. On several machines,
each worker draws every batch whole and keeps its share (TensorFlow's sharding by data), so that
order and augmentation are those of one machine; the first worker alone writes files.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.training.progress import Telling

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

__all__ = [
    "STRATEGIES",
    "Strategy",
    "agreed",
    "agreeing",
    "divided",
    "even_batch",
    "is_chief",
    "same_everywhere",
    "strategy_for",
    "workers",
]

STRATEGIES = ("mirrored", "multiworker")
"""What can be asked for by name."""

Strategy = Any
"""A ``tf.distribute.Strategy``."""

_EXAMPLE = (
    '{"cluster": {"worker": ["one:12345", "two:12345"]}, "task": {"type": "worker", "index": 0}}'
)
_WAIT = 300.0


def strategy_for(
    asked: str | Strategy | None,
    *,
    say: Callable[[str], object] = lambda _: None,
    seconds: float = _WAIT,
) -> Strategy:
    """Return the strategy that was asked for."""
    if isinstance(asked, str) and asked not in STRATEGIES:
        raise ValueError(f"The strategy is one of {', '.join(STRATEGIES)}. Received: {asked!r}")
    hosts, own = _cluster(os.environ.get("TF_CONFIG")) if asked == "multiworker" else ([], 0)
    require_keras("Training")
    import tensorflow as tf

    if asked is None:
        return tf.distribute.get_strategy()
    if asked == "mirrored":
        return tf.distribute.MirroredStrategy()
    if asked != "multiworker":
        return asked
    say(f"Worker {own + 1} of {len(hosts)} waits for the others.")
    if own:
        _await(hosts[0], seconds)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise TrainingError(
            "Workers can be joined only before TensorFlow has computed anything: train in a "
            "program of its own."
        ) from error
    except tf.errors.OpError as error:
        raise TrainingError(
            f"The workers in TF_CONFIG could not be joined ({_first_line(error)}): start all of "
            "them, with the same cluster, and leave their ports free."
        ) from error


def _cluster(text: str | None) -> tuple[list[str], int]:
    """Return the addresses that ``TF_CONFIG`` names, the chief's first, and the own place."""
    if not text:
        raise TrainingError(
            f"TF_CONFIG is not set: give every worker the cluster and its task, as in {_EXAMPLE}."
        )
    try:
        given = json.loads(text)
    except ValueError as error:
        raise TrainingError(f"TF_CONFIG is no JSON ({error}): write it as in {_EXAMPLE}.") from None
    try:
        jobs = {str(job): [str(host) for host in hosts] for job, hosts in given["cluster"].items()}
        kind, index = str(given["task"]["type"]), int(given["task"]["index"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise TrainingError(
            f"TF_CONFIG lacks a cluster or a task: write it as in {_EXAMPLE}."
        ) from None
    if strange := sorted(jobs.keys() - {"chief", "worker"}):
        raise TrainingError(
            f"TF_CONFIG names tasks that do not train ({', '.join(strange)}): name workers alone, "
            "and at most one chief."
        )
    if not 0 <= index < len(jobs.get(kind, [])):
        known = ", ".join(f"{job} 0 to {len(hosts) - 1}" for job, hosts in jobs.items() if hosts)
        raise TrainingError(
            f"TF_CONFIG says that this is {kind} {index}, whom its cluster does not name: choose "
            f"one of {known or 'its workers'}."
        )
    hosts = jobs.get("chief", []) + jobs.get("worker", [])
    for host in hosts:
        name, _, port = host.rpartition(":")
        if not (name and port.isdigit() and 0 < int(port) < 1 << 16):
            raise TrainingError(
                f"TF_CONFIG names {host!r} as a worker: write host and port, as in one:12345."
            )
    return hosts, index + (len(jobs.get("chief", [])) if kind == "worker" else 0)


def _await(host: str, seconds: float) -> None:
    """Wait until the first worker listens, for TensorFlow's own waiting can hardly be ended."""
    name, _, port = host.rpartition(":")
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((name.strip("[]"), int(port)), timeout=5).close()
        except OSError as error:
            if time.monotonic() >= until:
                raise TrainingError(
                    f"The first worker did not answer at {host} within {seconds:g} s "
                    f"({error.strerror or error}): start it, or correct TF_CONFIG."
                ) from error
            time.sleep(0.2)
        else:
            return


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:120]


def workers(strategy: Strategy) -> int:
    """Return how many processes train together."""
    resolver = strategy.cluster_resolver
    hosts = {} if resolver is None else resolver.cluster_spec().as_dict()
    return max(1, sum(len(hosts.get(job, ())) for job in ("chief", "worker")))


def is_chief(strategy: Strategy) -> bool:
    """Whether this process is the one that writes files."""
    if workers(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    kind, index = resolver.task_type, resolver.task_id
    jobs = resolver.cluster_spec().as_dict()
    return kind == "chief" or ("chief" not in jobs and kind == "worker" and index == 0)


def _sum(strategy: Strategy, number: float) -> float:
    """Return the sum of what every replica brings; all workers must ask together."""
    import tensorflow as tf

    given = strategy.experimental_distribute_values_from_function(
        lambda _: tf.constant(number, tf.float64)
    )
    return float(strategy.reduce("SUM", given, axis=None))


def agreed(strategy: Strategy, asked: bool) -> bool:
    """Whether any worker was asked; all workers must come here together."""
    return asked if workers(strategy) == 1 else _sum(strategy, float(asked)) > 0


def same_everywhere(strategy: Strategy, number: int) -> bool:
    """Whether all workers hold the same number, up to 2**40; all must come here together."""
    if workers(strategy) == 1:
        return True
    total = _sum(strategy, float(number))
    return not agreed(strategy, total != float(number) * strategy.num_replicas_in_sync)


def agreeing(telling: Telling, strategy: Strategy) -> Telling:
    """Return a telling that asks all workers whether one of them is to stop."""
    return replace(
        telling,
        cancelled=lambda: agreed(strategy, bool(telling.cancelled())),
        enough=lambda: agreed(strategy, bool(telling.enough())),
    )


def divided(model: keras.Model, strategy: Strategy) -> keras.Model:
    """Return a model with the same layers that trains by a strategy, whatever that is."""
    keras = require_keras("Training")
    import tensorflow as tf

    several = workers(strategy) > 1

    def told(logs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {name: tf.reshape(value, (1,)) if several else value for name, value in logs.items()}

    class Divided(keras.Model):  # type: ignore[name-defined]
        @property
        def distribute_strategy(self) -> Strategy:
            return strategy

        def train_step(self, data: Any) -> dict[str, tf.Tensor]:
            return told(super().train_step(data))

        def test_step(self, data: Any) -> dict[str, tf.Tensor]:
            return told(super().test_step(data))

    return Divided(model.inputs, model.outputs[0], name=model.name)


def even_batch(examples: int, size: int, replicas: int) -> int:
    """Return the batch nearest to a size that gives every replica a share of every batch."""

    def shared(batch: int) -> bool:
        parts = {min(batch, examples), examples % batch or min(batch, examples)}
        return all(part > (replicas - 1) * -(-part // replicas) for part in parts)

    nearest = sorted(range(1, 2 * size + 1), key=lambda one: (one % replicas != 0, abs(one - size)))
    found = next(filter(shared, nearest), None)
    if found is None:
        raise TrainingError(
            f"{examples} radiographs in batches of {size} cannot be shared by {replicas} devices: "
            "use fewer devices, or another batch."
        )
    return found

"""Where a training runs: on one device, on all of one machine, or by a strategy of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.keras_import import require_keras

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

__all__ = ["STRATEGIES", "Strategy", "distributed", "even_batch", "is_chief", "strategy_for"]

STRATEGIES = ("mirrored",)
"""What can be asked for by name."""

Strategy = Any
"""A ``tf.distribute.Strategy``."""


def strategy_for(chosen: str | Strategy | None) -> Strategy:
    """Return a strategy by name, the one that is given, or the current one."""
    if isinstance(chosen, str) and chosen not in STRATEGIES:
        raise ValueError(f"The strategy is one of {', '.join(STRATEGIES)}. Received: {chosen!r}")
    require_keras("Training")
    import tensorflow as tf

    if chosen is None:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy() if chosen == "mirrored" else chosen


def is_chief(strategy: Strategy) -> bool:
    """Whether this process is the one that writes files."""
    return bool(strategy.extended.should_checkpoint)


def _workers(strategy: Strategy) -> int:
    """Return how many processes train together."""
    resolver = strategy.cluster_resolver
    hosts = {} if resolver is None else resolver.cluster_spec().as_dict()
    return max(1, sum(len(hosts.get(job, ())) for job in ("chief", "worker")))


def distributed(model: keras.Model, strategy: Strategy) -> keras.Model:
    """Return a model with the same layers that trains by a strategy, whatever that is."""
    keras = require_keras("Training")
    import tensorflow as tf

    several = _workers(strategy) > 1

    def reduced(logs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        # Numbers of several workers can be gathered only with a dimension to gather them along.
        return {name: tf.reshape(value, (1,)) if several else value for name, value in logs.items()}

    class Distributed(keras.Model):  # type: ignore[name-defined]
        @property
        def distribute_strategy(self) -> Strategy:
            return strategy

        def train_step(self, data: Any) -> dict[str, tf.Tensor]:
            return reduced(super().train_step(data))

        def test_step(self, data: Any) -> dict[str, tf.Tensor]:
            return reduced(super().test_step(data))

    return Distributed(model.inputs, model.outputs[0], name=model.name)


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

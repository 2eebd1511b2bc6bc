"""A head on kept features against the same head through the frozen trunk: losses and times.

    python benchmarks/head_training.py [--radiographs 400] [--epochs 3]

Both trainings see the same drawn radiographs in the same order, from the same first weights, in one
run; the shipped trunk stays as it is. Computing the features once is timed by itself: it is paid
before the first epoch, and not again for another question, plan or seed.
"""

from __future__ import annotations

import os
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import typer

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.networks import POOLED_OUTPUT
from fracture_widgets.models.networks.question import build_single_question_network
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL
from fracture_widgets.phantoms import draw_phantom
from fracture_widgets.training.data import Shuffle, batches, one_hot
from fracture_widgets.training.loop import Fitted, TrainingLoop
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.teaching import Progress, TrainingMonitor


def main(radiographs: int = 400, epochs: int = 3) -> None:
    """Train both ways, and print losses and times."""
    drawn = [
        draw_phantom("shoulder", fractured=bool(seed // 4 % 2), seed=seed)
        for seed in range(radiographs)
    ]
    pixels = np.stack([network_input(phantom.radiograph.pixels)[..., 0] for phantom in drawn])
    pixels = np.rint(pixels).astype(np.uint8)
    targets = one_hot([FRACTURED if phantom.boxes else NORMAL for phantom in drawn], LABELS)

    keras.utils.set_random_seed(0)
    network = build_single_question_network(
        "shoulder", load_model_folder().weights, frozen_trunk=True
    )
    pooled = network.get_layer(POOLED_OUTPUT).output
    trunk, head = keras.Model(network.input, pooled), keras.Model(pooled, network.output)
    start = head.get_weights()

    began = time.perf_counter()
    features = np.concatenate(
        [
            np.asarray(trunk.predict_on_batch(pixels[at : at + 32, ..., None].astype(np.float32)))
            for at in range(0, len(pixels), 32)
        ]
    )
    computing = time.perf_counter() - began
    kept, kept_seconds = train(head, features, targets, epochs)
    head.set_weights(start)
    through, through_seconds = train(network, pixels, targets, epochs)

    apart = np.abs(kept.history["val_loss"] - through.history["val_loss"]).max()
    print(f"radiographs {len(drawn)}, epochs {epochs}")
    print(f"features, once:            {computing:8.2f} s")
    print(f"an epoch on kept features: {kept_seconds:8.3f} s")
    print(f"an epoch through trunk:    {through_seconds:8.3f} s")
    print(f"ratio                      {through_seconds / kept_seconds:8.0f}")
    print(f"validation loss, last:     {kept.history['val_loss'].iloc[-1]:10.4f}")
    print(f"validation losses apart by at most {apart:.1e}")


def train(model: keras.Model, inputs: Any, targets: Any, epochs: int) -> tuple[Fitted, float]:
    """Train without augmentation; return how it went and the median seconds of a later epoch."""
    plan = TrainingPlan(epochs=epochs, patience=epochs, learning_rate=1e-3, augmentation=None)
    rows = np.arange(len(targets))
    learnt, validation = rows[rows % 4 > 0], rows[rows % 4 == 0]
    ends: dict[int, float] = {}

    def progress(step: Progress) -> None:
        ends[step.epoch] = time.perf_counter()

    fitted = TrainingLoop(model, plan, TrainingMonitor(on_progress=progress)).fit(
        batches(inputs, targets, learnt, size=16, shuffled=Shuffle(0)),
        batches(inputs, targets, validation, size=16),
    )
    # The first epoch also traces the graph.
    return fitted, float(np.median(np.diff([ends[epoch] for epoch in sorted(ends)])))


if __name__ == "__main__":
    typer.run(main)

"""``fracture-widgets reproduce``: all of the paper's networks, and its table beside theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fracture_widgets.cli.options import (
    App,
    dataset_table,
    followed_epochs,
    network_and_file,
    tell_saved,
)
from fracture_widgets.training.plan import TrainingPlan

app = App()


@app.command(short_help="train all of the paper's networks, and set its table beside ours")
def reproduce(
    dataset: Path,
    *,
    plan: Annotated[
        TrainingPlan,
        *("patience", "augmentation", "frozen_trunk", "bfloat16", "batch", "learning_rate"),
        *("validation", "test", "seed"),
    ],
    out: Path,
    epochs: int = 100,
    trunk: str = "imagenet",
    weights: Annotated[list[Any] | None, {"parser": network_and_file}] = None,
    models: list[str] | None = None,
    split: str | None = None,
    folds: int = 5,
    resamples: int = 2000,
    features: Path | None = None,
) -> int:
    """Train the paper's cascade and the networks of its table, each until early stopping.

    The body part's network, one for the fractures of each part, then ResNet-50, AlexNet, VGG16 and
    DenseNet-169 on the same folds by patient, with k-means and always-normal. Whatever stops it,
    the same command goes on from there. It takes many hours on a CPU.

    Parameters
    ----------
    out : DIR
        folder for the networks, tables, curves and confusion matrices
    epochs
        a cap; a training that it ends before early stopping is named
    trunk : WEIGHTS
        weights of ResNet-50: imagenet (downloaded by Keras), none, or an .npz file
    weights : NETWORK=FILE...
        the same of other networks; without, ImageNet's where they can be had, and else random ones
    models : NAME...
        what is compared (what the paper compares, and always-normal)
    folds
        how many in the comparison
    """
    from fracture_widgets.training.reproduce import PAPER_MODELS, STOPPED
    from fracture_widgets.training.reproduce import reproduce as all_of_it
    from fracture_widgets.training.teaching import TrainingMonitor

    table = dataset_table(dataset, split)
    with followed_epochs(STOPPED) as callbacks:
        result = all_of_it(
            table,
            out,
            plan=replace(plan, epochs=epochs),
            trunk=None if trunk == "none" else trunk,
            weights=dict(weights or ()),
            models=models or PAPER_MODELS,
            folds=folds,
            features=features,
            resamples=resamples,
            monitor=TrainingMonitor.of_callbacks(**callbacks),
        )
    tell_saved(result, out)
    return 1 if result.comparison.failed else 0

"""``fracture-widgets train``: the paper's networks, one for each question, and the cascade."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.cli import train_cascade, train_gate, train_trust
from fracture_widgets.parts import BODY_PARTS

if TYPE_CHECKING:
    import pandas as pd

    from fracture_widgets.training.progress import Progress

__all__ = ["add_parser"]

_INTERRUPTED = 130


def add_parser(subparsers: Any) -> None:
    """Register ``train`` and its commands with the subparsers of the command line."""
    train: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help="train networks from a folder of radiographs",
        description="Train the paper's networks by its recipe, or the shipped cascade.",
    )
    commands = train.add_subparsers(dest="train_command", metavar="COMMAND", required=True)
    parts = commands.add_parser(
        "parts",
        help="train the network that names the body part",
        description="Train the network that names the body part. Every epoch is kept as it ends; "
        "Ctrl-C keeps the best weights so far.",
    )
    _add_dataset_and_plan(parts)
    parts.set_defaults(run=_run, part=None)
    fracture = commands.add_parser(
        "fracture",
        help="train the network that says fractured or normal for one body part",
        description="Train the network that says fractured or normal for one body part. Every "
        "epoch is kept as it ends; Ctrl-C keeps the best weights so far.",
    )
    fracture.add_argument(
        "part", metavar="PART", type=str.lower, choices=BODY_PARTS, help=", ".join(BODY_PARTS)
    )
    _add_dataset_and_plan(fracture)
    fracture.set_defaults(run=_run)
    train_cascade.add_parser(commands)
    train_gate.add_parser(commands)
    train_trust.add_parser(commands)


def _add_dataset_and_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", type=Path, help="folder of radiographs")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        required=True,
        help="folder for the weights, their card, the figures, and every epoch as it ends",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the unfinished training in DIR, if there is one, after its last epoch",
    )
    parser.add_argument(
        "--weights",
        metavar="WEIGHTS",
        default="imagenet",
        help="what ResNet-50 starts from: imagenet (downloaded by Keras), shipped, none, or an "
        ".npz file (%(default)s)",
    )
    parser.add_argument(
        "--frozen-trunk",
        action="store_true",
        help="train the head alone; with --no-augmentation in seconds, once features are kept",
    )
    parser.add_argument(
        "--no-augmentation", action="store_true", help="show every radiograph as it is"
    )
    parser.add_argument(
        "--no-class-weights", action="store_true", help="let rare answers count as little"
    )
    parser.add_argument(
        "--test-from-folders",
        action="store_true",
        help="keep the dataset's own test folder as the test split",
    )
    for name, kind, default, said in (
        ("epochs", int, 25, "at most so many"),
        ("patience", int, 5, "epochs without a lower validation loss before training ends"),
        ("batch", int, 32, "radiographs in a step"),
        ("learning-rate", float, 1e-4, "of Adam"),
        ("validation", float, 0.18, "share of the radiographs"),
        ("test", float, 0.10, "share of the radiographs"),
        ("seed", int, 0, "of split, first weights, order and augmentation"),
    ):
        parser.add_argument(
            f"--{name}", metavar="N", type=kind, default=default, help=f"{said} (%(default)s)"
        )
    parser.add_argument(
        "--strategy",
        choices=("mirrored",),
        help="train on all GPUs of this machine; the batch is that of all together",
    )
    parser.add_argument(
        "--features",
        metavar="DIR",
        type=Path,
        help="where a frozen trunk's features are kept (in the user's cache folder)",
    )


def _run(arguments: argparse.Namespace) -> int:
    # What TensorFlow says of itself while it starts is no news to whoever trains.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.training.recipes import paper as recipe

    plan = recipe.TrainingPlan(
        learning_rate=arguments.learning_rate,
        batch=arguments.batch,
        epochs=arguments.epochs,
        patience=arguments.patience,
        augmentation=None if arguments.no_augmentation else recipe.Augmentation(),
        class_weights=not arguments.no_class_weights,
        frozen_trunk=arguments.frozen_trunk,
        weights=None if arguments.weights == "none" else arguments.weights,
        validation=arguments.validation,
        test=arguments.test,
        test_from_folders=arguments.test_from_folders,
        seed=arguments.seed,
    )
    table = load_dataset(arguments.dataset)
    for sentence in (str(table.attrs["skipped"]), *table.attrs["warnings"]):
        _tell(sentence)
    with _Narrator() as narrator:
        given: dict[str, Any] = {
            "plan": plan,
            "out": arguments.out,
            "resume": arguments.resume,
            "features": arguments.features,
            "strategy": arguments.strategy,
            "progress": narrator,
            "say": narrator.say,
        }
        try:
            if arguments.part is None:
                result = recipe.train_bone_type_model(table, **given)
            else:
                result = recipe.train_fracture_model(arguments.part, table, **given)
        except KeyboardInterrupt as interrupt:
            narrator.say(str(interrupt) or "Stopped: there is nothing to keep.")
            return _INTERRUPTED
        narrator.finish(result.history)
    print(result)
    for name, path in result.files.items():
        print(f"{name.replace('_', ' ')}: {path}")
    return _INTERRUPTED if result.interrupted else 0


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class _Narrator:
    """Tells on stderr how far the training is: a bar on a terminal, and a line for each epoch."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""
        self._told = 0
        self._last: Progress | None = None

    def __enter__(self) -> _Narrator:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, step: Progress) -> None:
        """Take one step of progress."""
        if step.stage != self._stage:
            self._open(step)
        last = self._last
        if last is not None and step.epoch > last.epoch > self._told:
            self._tell_epoch(last, step.val_loss, step.val_accuracy)
        self._last = step
        if step.loss is not None:
            self._bar.set_postfix_str(f"epoch {step.epoch}, loss {step.loss:.3f}", refresh=False)
        self._bar.update(step.done - self._bar.n)

    def say(self, sentence: str) -> None:
        """Print a line without tearing the bar."""
        from tqdm import tqdm

        tqdm.write(sentence, file=sys.stderr)

    def finish(self, history: pd.DataFrame) -> None:
        """Print the line of the last epoch, which no further step has told."""
        last = self._last
        if last is not None and self._told < last.epoch <= len(history):
            self._tell_epoch(
                last,
                float(history["val_loss"].iloc[last.epoch - 1]),
                float(history["val_accuracy"].iloc[last.epoch - 1]),
            )

    def _tell_epoch(
        self, last: Progress, val_loss: float | None, val_accuracy: float | None
    ) -> None:
        self._told = last.epoch
        self.say(
            f"epoch {last.epoch} of at most {last.epochs}: loss {last.loss:.3f}, accuracy "
            f"{last.accuracy:.3f}; validation loss {val_loss:.3f}, accuracy {val_accuracy:.3f}"
        )

    def _open(self, step: Progress) -> None:
        from tqdm import tqdm

        self._close()
        self._stage = step.stage
        self._bar = tqdm(
            desc=step.stage.capitalize(),
            total=step.total,
            unit=" batches" if step.epoch else " radiographs",
            file=sys.stderr,
            leave=False,
            disable=None,  # into a file or a pipe, a bar would be thousands of lines
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

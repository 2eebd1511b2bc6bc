"""``fracture-widgets train parts`` and ``train fracture``: the paper's networks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import (
    INTERRUPTED,
    Dataset,
    choice,
    dataset_table,
    interruptible,
    new_app,
    path_option,
    with_settings,
)
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.plan import TrainingPlan

if TYPE_CHECKING:
    import pandas as pd

    from fracture_widgets.training.progress import Progress

app = new_app()

Out = Annotated[
    Path,
    path_option(
        "DIR", "folder for the weights, their card, the figures, and every epoch as it ends"
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="go on with the unfinished training in DIR, if there is one, after its last epoch",
    ),
]
Devices = Annotated[
    Literal["mirrored"] | None,
    typer.Option(help="train on all GPUs of this machine; the batch is that of all together"),
]
Features = Annotated[
    Path | None,
    path_option("DIR", "where a frozen trunk's features are kept (in the user's cache folder)"),
]


@app.command(short_help="train the network that names the body part")
@with_settings(TrainingPlan)
def parts(
    dataset: Dataset,
    *,
    plan: TrainingPlan,
    out: Out,
    resume: Resume = False,
    strategy: Devices = None,
    features: Features = None,
) -> int:
    """Train the network that names the body part.

    Every epoch is kept as it ends; Ctrl-C keeps the best weights so far.
    """
    return _train(
        None, dataset, out, plan=plan, resume=resume, strategy=strategy, features=features
    )


@app.command(short_help="train the network that says fractured or normal for one body part")
@with_settings(TrainingPlan)
def fracture(
    part: Annotated[
        str,
        typer.Argument(metavar="PART", help=", ".join(BODY_PARTS), parser=choice(*BODY_PARTS)),
    ],
    dataset: Dataset,
    *,
    plan: TrainingPlan,
    out: Out,
    resume: Resume = False,
    strategy: Devices = None,
    features: Features = None,
) -> int:
    """Train the network that says fractured or normal for one body part.

    Every epoch is kept as it ends; Ctrl-C keeps the best weights so far.
    """
    return _train(
        part, dataset, out, plan=plan, resume=resume, strategy=strategy, features=features
    )


def _train(part: str | None, dataset: Path, out: Path, **given: Any) -> int:
    # What TensorFlow says of itself while it starts is no news to whoever trains.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from fracture_widgets.training.recipes import paper

    table = dataset_table(dataset)
    with Narrator() as narrator:
        epochs = _Epochs(narrator)
        given |= {"out": out, "progress": epochs, "say": narrator.say}
        with interruptible(
            lambda stopped: narrator.say(str(stopped) or "Stopped: there is nothing to keep.")
        ):
            if part is None:
                result = paper.train_bone_type_model(table, **given)
            else:
                result = paper.train_fracture_model(part, table, **given)
        epochs.finish(result.history)
    print(result)
    for name, path in result.files.items():
        print(f"{name.replace('_', ' ')}: {path}")
    return INTERRUPTED if result.interrupted else 0


class _Epochs:
    """Draws the steps of a training, and says a line for each epoch."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._told = 0
        self._last: Progress | None = None

    def __call__(self, step: Progress) -> None:
        """Take one step of progress."""
        last = self._last
        if last is not None and step.epoch > last.epoch > self._told:
            self._tell(last, step.val_loss, step.val_accuracy)
        self._last = step
        note = "" if step.loss is None else f"epoch {step.epoch}, loss {step.loss:.3f}"
        self._narrator.step(step.done, step.total, step.stage.capitalize(), note)

    def finish(self, history: pd.DataFrame) -> None:
        """Say the line of the last epoch, which no further step has told."""
        last = self._last
        if last is not None and self._told < last.epoch <= len(history):
            self._tell(
                last,
                float(history["val_loss"].iloc[last.epoch - 1]),
                float(history["val_accuracy"].iloc[last.epoch - 1]),
            )

    def _tell(self, last: Progress, val_loss: float | None, val_accuracy: float | None) -> None:
        self._told = last.epoch
        self._narrator.say(
            f"epoch {last.epoch} of at most {last.epochs}: loss {last.loss:.3f}, accuracy "
            f"{last.accuracy:.3f}; validation loss {val_loss:.3f}, accuracy {val_accuracy:.3f}"
        )

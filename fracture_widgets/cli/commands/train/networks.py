"""``fracture-widgets train parts``, ``fracture`` and ``mura``: the paper's networks."""

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
    from fracture_widgets.training.progress import EpochEnded, Progress

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
        given |= {
            "out": out,
            "progress": epochs,
            "epoch_ended": epochs.ended,
            "say": narrator.say,
        }
        with interruptible(
            lambda stopped: narrator.say(str(stopped) or "Stopped: there is nothing to keep.")
        ):
            if part is None:
                result = paper.train_bone_type_model(table, **given)
            else:
                result = paper.train_fracture_model(part, table, **given)
    print(result)
    for name, path in result.files.items():
        print(f"{name.replace('_', ' ')}: {path}")
    return INTERRUPTED if result.interrupted else 0


@app.command(short_help="train all that is needed to answer: the body part's and each part's")
@with_settings(TrainingPlan)
def mura(
    dataset: Dataset,
    *,
    plan: TrainingPlan,
    out: Annotated[Path, path_option("DIR", "folder of models, which --models takes afterwards")],
    strategy: Devices = None,
    features: Features = None,
) -> int:
    """Train the network that names the body part and the fracture network of each part.

    The folder is one that --models takes. Every epoch is kept as it ends; the same command goes on
    where it was stopped.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from fracture_widgets.training.recipes import paper

    table = dataset_table(dataset)
    with (
        Narrator() as narrator,
        interruptible(
            lambda stopped: narrator.say(str(stopped) or "Stopped: there is nothing to keep.")
        ),
    ):
        epochs = _Epochs(narrator)
        runs = paper.train_mura_models(
            table,
            out,
            plan=plan,
            strategy=strategy,
            features=features,
            progress=epochs,
            epoch_ended=epochs.ended,
            say=narrator.say,
        )
    for question, run in runs.items():
        print(f"{question}: {run.folder}")
        if run.evaluation is not None:
            print(run.evaluation)
    return 0 if all(run.finished for run in runs.values()) else INTERRUPTED


class _Epochs:
    """Draws the steps of a training, and says a line for each epoch."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def __call__(self, step: Progress) -> None:
        """Take one step of progress."""
        note = "" if step.loss is None else f"epoch {step.epoch}, loss {step.loss:.3f}"
        self._narrator.step(step.done, step.total, step.stage.capitalize(), note)

    def ended(self, epoch: EpochEnded) -> None:
        """Say the line of an epoch."""
        loss, accuracy, val_loss, val_accuracy = epoch.history.iloc[-1]
        self._narrator.say(
            f"epoch {epoch.epoch} of at most {epoch.epochs}: loss {loss:.3f}, accuracy "
            f"{accuracy:.3f}; validation loss {val_loss:.3f}, accuracy {val_accuracy:.3f}"
        )

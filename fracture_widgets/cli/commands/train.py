"""``fracture-widgets train``: the paper's networks, and what ships with its gate and its trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from fracture_widgets.base.language import begun
from fracture_widgets.cli import train_shipped
from fracture_widgets.cli.options import (
    INTERRUPTED,
    App,
    choice,
    dataset_table,
    followed_epochs,
)
from fracture_widgets.models.networks.trunks import ARCHITECTURES
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes import Recipe, all_recipes


class _Recipes(TyperGroup):
    """The commands of this file, and one for each recipe that needs no more than a dataset."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or None if there is none of that name."""
        if cmd_name not in self.commands:
            self.list_commands(ctx)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        for name, recipe in all_recipes().items():
            if name not in self.commands:
                other = App()
                summary = recipe.summary
                other.command(short_help=summary, help=f"{begun(summary)}.")(_command_of(recipe))
                self.add_command(typer.main.get_command(other), name)
        return super().list_commands(ctx)


app = App(
    cls=_Recipes,
    help="Train the paper's networks by its recipe, or the shipped cascade.",
    short_help="train networks from a folder of radiographs",
)

Devices = Literal["mirrored"] | None
Network = Annotated[
    str, choice(*ARCHITECTURES, metavar="NAME", help=f"trunk: {', '.join(ARCHITECTURES)}")
]


@app.command(short_help="train the network that names the body part")
def parts(
    dataset: Path,
    *,
    plan: TrainingPlan,
    out: Path,
    network: Network = "resnet50",
    resume: bool = False,
    strategy: Devices = None,
    features: Path | None = None,
) -> int:
    """Train the network that names the body part.

    Every epoch is kept as it ends; Ctrl-C keeps the best weights so far.

    Parameters
    ----------
    out : DIR
        folder for the weights, their card, the figures, and every epoch as it ends
    """
    return _train(
        None, dataset, network, plan=plan, out=out, resume=resume, strategy=strategy,
        features=features,
    )  # fmt: skip


@app.command(short_help="train the network that says fractured or normal for one body part")
def fracture(
    part: Annotated[str, choice(*BODY_PARTS, metavar="PART", help=", ".join(BODY_PARTS))],
    dataset: Path,
    *,
    plan: TrainingPlan,
    out: Path,
    network: Network = "resnet50",
    resume: bool = False,
    strategy: Devices = None,
    features: Path | None = None,
) -> int:
    """Train the network that says fractured or normal for one body part.

    Every epoch is kept as it ends; Ctrl-C keeps the best weights so far.

    Parameters
    ----------
    out : DIR
        folder for the weights, their card, the figures, and every epoch as it ends
    """
    return _train(
        part, dataset, network, plan=plan, out=out, resume=resume, strategy=strategy,
        features=features,
    )  # fmt: skip


def _train(part: str | None, dataset: Path, network: str, **settings: Any) -> int:
    table = dataset_table(dataset)
    settings["trunk"] = ARCHITECTURES[network].build
    with followed_epochs() as callbacks:
        from fracture_widgets.training.recipes import paper

        if part is None:
            result = paper.train_bone_type_model(table, **settings, **callbacks)
        else:
            result = paper.train_fracture_model(part, table, **settings, **callbacks)
    print(result)
    for name, path in result.files.items():
        print(f"{name.replace('_', ' ')}: {path}")
    return INTERRUPTED if result.interrupted else 0


@app.command(short_help="train all that is needed to answer: the body part's and each part's")
def mura(
    dataset: Path,
    *,
    plan: TrainingPlan,
    out: Path,
    network: Network = "resnet50",
    strategy: Devices = None,
    features: Path | None = None,
) -> int:
    """Train the network that names the body part and the fracture network of each part.

    The folder is one that --models takes. Every epoch is kept as it ends; the same command goes on
    where it was stopped.

    Parameters
    ----------
    out : DIR
        folder of models, which --models takes afterwards
    """
    table = dataset_table(dataset)
    with followed_epochs() as callbacks:
        from fracture_widgets.training.recipes import paper
        from fracture_widgets.training.teaching import TrainingMonitor

        runs = paper.train_mura_models(
            table, out, TrainingMonitor.of_callbacks(**callbacks), plan=plan, strategy=strategy,
            trunk=ARCHITECTURES[network].build, features=features,
        )  # fmt: skip
    for question, run in runs.items():
        print(f"{question}: {run.folder}")
        if run.evaluation is not None:
            print(run.evaluation)
    return 0 if all(run.finished for run in runs.values()) else INTERRUPTED


def _command_of(recipe: Recipe) -> Callable[..., int]:
    def command(dataset: Path, *, settings: Any, out: Path) -> int:
        """Train a recipe.

        Parameters
        ----------
        out : DIR
            folder for the model
        """
        table = dataset_table(dataset)
        with followed_epochs() as callbacks:
            from fracture_widgets.training.teaching import TrainingMonitor

            monitor = TrainingMonitor.of_callbacks(**callbacks)
            print(recipe.train(table, out, settings, monitor))
        return 0

    command.__annotations__["settings"] = recipe.settings
    return command


app.add_typer(train_shipped.app)

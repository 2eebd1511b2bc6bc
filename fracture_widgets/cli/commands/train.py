"""``fracture-widgets train``: the paper's networks, and what ships with its gate and its trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from fracture_widgets.cli.narrator import Epochs, Narrator
from fracture_widgets.cli.options import (
    INTERRUPTED,
    choice,
    dataset_table,
    documented,
    folder_for,
    interruptible,
    new_app,
    quiet_tensorflow,
    work_on_fracatlas,
)
from fracture_widgets.cli.train_looks import judge_looks, looks
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.parts import BODY_PARTS, in_words
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes import Recipe, all_recipes

if TYPE_CHECKING:
    import pandas as pd


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
                other = new_app()
                other.command(short_help=recipe.summary)(_command_of(recipe))
                self.add_command(typer.main.get_command(other), name)
        return super().list_commands(ctx)


app = new_app(
    cls=_Recipes,
    help="Train the paper's networks by its recipe, or the shipped cascade.",
    short_help="train networks from a folder of radiographs",
)

Devices = Literal["mirrored"] | None
Network = Annotated[
    str, choice(*ARCHITECTURES, metavar="NAME", help=f"trunk: {', '.join(ARCHITECTURES)}")
]


@app.command(short_help="train the network that names the body part")
@documented
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
@documented
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
    with _followed() as callbacks:
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
@documented
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
    with _followed() as callbacks:
        from fracture_widgets.training.recipes import paper

        runs = paper.train_mura_models(
            table, out, plan=plan, trunk=ARCHITECTURES[network].build, strategy=strategy,
            features=features, **callbacks,
        )  # fmt: skip
    for question, run in runs.items():
        print(f"{question}: {run.folder}")
        if run.evaluation is not None:
            print(run.evaluation)
    return 0 if all(run.finished for run in runs.values()) else INTERRUPTED


_OUT = "\n\nParameters\n----------\nout : DIR\n    folder for the model"


def _command_of(recipe: Recipe) -> Callable[..., int]:
    def command(dataset: Path, *, settings: Any, out: Path) -> int:
        table = dataset_table(dataset)
        with _followed() as callbacks:
            from fracture_widgets.training.progress import TrainingMonitor

            monitor = TrainingMonitor.of_callbacks(**callbacks)
            print(recipe.train(table, out, settings, monitor))
        return 0

    command.__doc__ = f"{recipe.summary[:1].upper()}{recipe.summary[1:]}." + _OUT
    command.__annotations__["settings"] = recipe.settings
    return documented(command)


@contextmanager
def _followed() -> Iterator[dict[str, Any]]:
    """Yield what a training is to call; at the end of Ctrl-C there is a sentence."""
    quiet_tensorflow()
    with (
        Narrator() as narrator,
        interruptible(
            lambda stopped: narrator.say(str(stopped) or "Stopped: there is nothing to keep.")
        ),
    ):
        epochs = Epochs(narrator)
        yield {"progress": epochs, "epoch_ended": epochs.ended, "say": narrator.say}


@app.command(short_help="train the shipped cascade from a FracAtlas copy")
@documented
def cascade(
    fracatlas: Path,
    *,
    out: Path,
    work: Path = Path("runs", "cascade"),
    trunk: str = "imagenet",
    bfloat16: bool = False,
    look_at_test: bool = False,
) -> int:
    """Train, judge and save the cascade.

    It takes one to two hours on two CPU cores and about 10 GB in the work folder; interrupted, it
    goes on where it stopped.

    Parameters
    ----------
    out : DIR
        models folder
    work : DIR
        folder for features and runs
    trunk : WEIGHTS
        weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file
    bfloat16
        compute in bfloat16: about twice as fast on processors that know it (AVX512-BF16 or AMX),
        much slower on others; what ships was trained so
    look_at_test
        judge the test split too: once, when the recipe is chosen
    """
    from fracture_widgets.evaluation.metrics import estimate_text
    from fracture_widgets.training.recipes.cascade import CascadeRecipe, train_cascade

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        card = train_cascade(
            atlas,
            trunk,
            out,
            work,
            recipe=CascadeRecipe(bfloat16=bfloat16),
            look_at_test=look_at_test,
            monitor=monitor,
        )
    for name, figure in card["figures"].items():
        part = figure["body_part"]
        print(f"{name.replace('_', ' ')}: {part['n']} joints of {part['groups']} studies")
        print(f"  body part accuracy {estimate_text(part['accuracy'])}")
        for what, scores in figure["fracture"].items():
            fractured = sum(scores["confusion"]["counts"][0])
            print(
                f"  fracture {what:9} AUROC {estimate_text(scores['auroc'])}  accuracy "
                f"{estimate_text(scores['accuracy'])}  always normal "
                f"{scores['always_normal_accuracy']:.3f}  n {scores['n']}, {fractured} fractured"
            )
    return 0


app.command(short_help="train the network that looks twice from a FracAtlas copy")(
    documented(looks)
)
app.command("judge-looks", short_help="judge the network that looks twice again, as it is served")(
    documented(judge_looks)
)


@app.command(short_help="note which radiographs a cascade learned from")
@documented
def fingerprints(fracatlas: Path, *, out: Path) -> int:
    """Note in a cascade's folder which radiographs of FracAtlas it learned from.

    evaluate then knows them again, whole or as data fracatlas cuts them, saved anew, scaled or
    slightly cropped. train cascade does it itself. It takes some minutes.

    Parameters
    ----------
    out : DIR
        models folder with the cascade
    """
    from fracture_widgets.training.recipes.cascade.training import fingerprint_cascade

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        known = fingerprint_cascade(atlas, out, monitor)
    print(f"{len(known):,} radiographs and crops are known in {out} by their fingerprints.")
    return 0


@app.command(short_help=f"fit the gate that refuses what is no {in_words()}")
@documented
def gate(
    fracatlas: Path,
    *,
    out: Path,
    out_of_distribution: Path | None = None,
    work: Path = Path("runs", "gate"),
    note: str = "",
) -> int:
    """Fit the gate on a FracAtlas copy and put it into the models folder with its figures.

    It is measured on legs, hips, drawings, noise and photographs. It takes about half an hour on
    two CPU cores; interrupted, it goes on where it stopped.

    Parameters
    ----------
    out : DIR
        models folder with the cascade
    out_of_distribution : DIR
        more pictures that should be refused, in a folder for each kind
    work : DIR
        folder for what the network saw
    """
    from fracture_widgets.training.recipes.gate import train_gate

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        figures = train_gate(
            atlas, out, work, out_of_distribution=out_of_distribution, note=note, monitor=monitor
        )
    for split in ("out_of_fold", "test"):
        figure = dict(figures[split])
        wide = 2 + max(map(len, figure))
        print(f"{split.replace('_', ' ')}: kept {_interval(figure.pop('kept'))}")
        print(f"  {'kind':{wide}}{'n':>6}{'groups':>8}  {'refused':26}AUROC")
        for kind, row in figure.items():
            counts = f"{kind:{wide}}{row['n']:6}{row['groups']:8}"
            area = _interval(row["auroc"]) if "auroc" in row else ""
            print(f"  {counts}  {_interval(row['refused']):26}{area}")
    return 0


def _interval(estimate: Any) -> str:
    value = f"{estimate['value']:.4f}"
    if estimate["low"] is None:
        return value
    return f"{value} ({estimate['low']:.4f} to {estimate['high']:.4f})"


@app.command(short_help="fit calibration and the two operating points of a cascade")
@documented
def trust(
    *,
    models: Path | None = None,
    predictions: Path | None = None,
    fracatlas: Path | None = None,
    figures: Path | None = None,
    note: str = "",
    print_only: bool = False,
) -> int:
    """Fit calibration and the two operating points of every body part on answers out of fold.

    They are measured fold by fold, printed as a table, and put on the model's card. It takes
    seconds and needs no radiographs.

    Parameters
    ----------
    models : DIR
        models folder; the shipped one by default
    predictions : CSV
        answers out of fold; by default out_of_fold.csv in the models folder
    fracatlas : FRACATLAS
        FracAtlas folder or zip: take each radiograph's view from it, and whether it shows metal,
        and keep both with the answers
    figures : DIR
        draw a reliability diagram of each part here
    print_only
        leave the card as it is
    """
    from fracture_widgets.evaluation.trust_evidence import trust_table
    from fracture_widgets.training.recipes.trust import train_trust

    section, answers = train_trust(
        models, predictions=predictions, fracatlas=fracatlas, note=note, print_only=print_only
    )
    print(trust_table(section))
    if figures is not None:
        _draw(answers, folder_for("figures", figures))
    return 0


def _draw(predictions: pd.DataFrame, folder: Path) -> None:
    from fracture_widgets.evaluation.trust_evidence import calibrated_out_of_fold
    from fracture_widgets.figures import CalibrationDisplay

    calibrated = calibrated_out_of_fold(predictions)
    for part, rows in predictions.groupby("body_part"):
        display = CalibrationDisplay.from_predictions(
            rows["label"],
            calibrated[rows.index],
            groups=rows["study"],
            strategy="quantile",
            title=str(part).capitalize(),
        )
        print(display.save(folder / f"reliability_{part}.png"))

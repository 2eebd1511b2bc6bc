"""``fracture-widgets compare``: networks on the same folds, detectors on the same split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer.core import TyperGroup

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import (
    INTERRUPTED,
    App,
    Engine,
    choice,
    dataset_table,
    network_and_file,
    quiet_tensorflow,
    tell_saved,
    work_on_fracatlas,
)
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.plan import DetectorPlan, TrainingPlan
from fracture_widgets.training.recipes.looks import LooksRecipe

_NETWORKS = "networks"


class _Comparisons(TyperGroup):
    """Compares networks where the first word is none of its commands, but their dataset."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front that is meant."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = [_NETWORKS, *args]
        return super().parse_args(ctx, args)


app = App(
    cls=_Comparisons,
    help="Compare networks, k-means and always-normal on folds of a dataset, which is what a "
    "folder alone asks for, detectors of fractures on FracAtlas, answers at joints that are found "
    "there and at those that people marked, or what each ingredient of a recipe is worth.",
    short_help="compare networks on the same folds, or detectors on FracAtlas",
)


@app.command(
    _NETWORKS,
    short_help="compare networks, k-means and always-normal on the same folds",
)
def networks(
    dataset: Path,
    *,
    plan: Annotated[
        TrainingPlan,
        *("augmentation", "bfloat16", "epochs", "patience", "batch", "learning_rate", "validation"),
        "seed",
    ],
    out: Path,
    models: list[str] | None = None,
    weights: Annotated[list[Any] | None, {"parser": network_and_file}] = None,
    question: Annotated[str, choice("fracture", *BODY_PARTS)] = "fracture",
    split: str | None = None,
    minutes: float | None = None,
    folds: int = 5,
    resamples: int = 2000,
    features: Path | None = None,
) -> int:
    """Train and ask many models on the same folds by patient.

    Tables with intervals and paired tests, and figures are written. Ctrl-C keeps every finished
    fold; the same command goes on from there.

    Parameters
    ----------
    out : DIR
        folder for tables and figures
    models : NAME...
        always-normal, k-means-pixels, k-means-features, logistic-regression, densenet169,
        resnet50, alexnet, vgg16 (all of them)
    weights : NETWORK=FILE...
        what a network starts from: an .npz file, imagenet (downloaded by Keras; what is taken
        otherwise) or none
    question
        fractured or normal of all body parts by one network, or of one part
    minutes
        a limit to each network's training on each fold; no limit otherwise
    folds
        how many
    features : DIR
        where pooled features are kept (in the user's cache folder)
    """
    quiet_tensorflow()
    from fracture_widgets.training import compare as comparison

    table = dataset_table(dataset, split)
    with Narrator() as narrator:
        result = comparison.compare(
            table,
            models or comparison.DEFAULT_MODELS,
            question=question,
            folds=folds,
            plan=plan,
            weights=dict(weights or ()),
            minutes=minutes,
            out=out,
            features=features,
            resamples=resamples,
            monitor=narrator.monitor,
        )
    tell_saved(result, out)
    if result.interrupted:
        return INTERRUPTED
    return 1 if result.failed else 0


@app.command(short_help="compare detectors of fractures on FracAtlas's official split")
def detectors(
    fracatlas: Path,
    *,
    plan: DetectorPlan,
    out: Path,
    work: Path = Path("runs", "detectors"),
    models: list[str] | None = None,
    trunk: str = "imagenet",
    resamples: int = 200,
) -> int:
    """Train detectors on FracAtlas's official split, and judge the boxes that they find.

    mAP50, mAP50-95, fractured radiographs found at few false boxes, parameters and time, with
    published figures beside. Every epoch is kept as it ends; the same command goes on where it was
    stopped. It takes hours on two CPU cores. For two-looks, which is trained as train looks trains
    it, --epochs, --size, --batch and --rate do not count.

    Parameters
    ----------
    out : DIR
        folder for the tables
    work : DIR
        folder for the trainings
    models : NAME...
        retinanet, faster-rcnn, two-looks (all of them)
    """
    from fracture_widgets.training.compare.detectors import MODELS, compare_detectors

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        result = compare_detectors(
            atlas,
            work,
            models=models or MODELS,
            plan=plan,
            trunk=trunk,
            resamples=resamples,
            monitor=monitor,
        )
    tell_saved(result, out)
    return 1 if result.failed else 0


@app.command("found-joints", short_help="compare answers at joints found and at joints marked")
def found_joints(
    fracatlas: Path,
    *,
    out: Path,
    joints: Path,
    work: Path = Path("runs", "cascade"),
    trunk: str = "imagenet",
    bfloat16: bool = False,
    engine: Engine = "onnx",
    shifts: int = 0,
    note: bool = False,
) -> int:
    """Answer joints at the boxes that are found and at those that people marked.

    By networks that learned from neither: folds of the cascade, which are trained where the work
    folder has none, and the network that finds joints. A fold takes about half an hour on two CPU
    cores, its features a quarter more; interrupted, it goes on where it stopped.
    Fractured joints are looked at turned by quarters, too: does the surest box lie on a fracture?

    Parameters
    ----------
    out : DIR
        folder for the tables
    joints : DIR
        folder of the network that finds joints, such as models/joints
    work : DIR
        work folder of train cascade
    bfloat16
        compute in bfloat16: about twice as fast on processors that know it (AVX512-BF16 or AMX),
        much slower on others
    shifts : N
        answer crops of so many joints as other archives would have them, too: every kind of change
        at five strengths
    note
        put what verdicts are worth on radiographs unlike those learned from into the card of
        --joints, so that answers say it; with --shifts. card --write then brings the pages up to
        date
    """
    from fracture_widgets.training.compare.found_joints import compare_found_joints
    from fracture_widgets.training.recipes.cascade import CascadeRecipe

    recipe = CascadeRecipe(bfloat16=bfloat16)
    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        result = compare_found_joints(
            atlas,
            trunk,
            joints,
            work,
            recipe=recipe,
            engine=engine,
            shifted=shifts,
            noted=note,
            monitor=monitor,
        )
    tell_saved(result, out)
    return 0


@app.command(short_help="leave out each ingredient of the network that looks twice")
def ablation(
    fracatlas: Path,
    *,
    recipe: Annotated[
        LooksRecipe,
        *("warm", "small", "large", "again_small", "again_large", "rate", "seed", "bfloat16"),
    ],
    out: Path,
    work: Path = Path("runs", "looks"),
    trunk: str = "imagenet",
    without: list[str] | None = None,
    fold: str = "0",
    shifts: int = 0,
) -> int:
    """Train the network that looks twice without each of its ingredients, and judge all on a fold.

    Every epoch is kept as it ends; the same command goes on where it was stopped. The whole recipe
    and six others are trained: hours on two CPU cores, about an hour with fewer epochs and
    --bfloat16 on a processor with AMX.

    Parameters
    ----------
    out : DIR
        folder for the tables
    work : DIR
        work folder of train looks
    without : NAMES...
        strong (implants, frames and writing drawn in), legs (fractures of legs and hips), outlines,
        tuned (conv3 and conv4), kept (averaged weights), all (everything)
    fold : NAME
        what all are judged on, and learn nothing from
    shifts : N
        answer crops of so many joints as other archives would have them, too: every kind of change
        at its middle strength
    """
    from fracture_widgets.training.recipes.looks.ablation import INGREDIENTS, compare_ingredients

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        result = compare_ingredients(
            atlas,
            trunk,
            work,
            without=without or INGREDIENTS,
            fold=fold,
            recipe=recipe,
            shifted=shifts,
            monitor=monitor,
        )
    tell_saved(result, out)
    return 0

"""``fracture-widgets train looks``: the network that looks twice, fold by fold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fracture_widgets.cli.options import work_on_fracatlas
from fracture_widgets.training.recipes.looks.recipe import LooksRecipe


def looks(
    fracatlas: Path,
    *,
    recipe: LooksRecipe,
    work: Path = Path("runs", "looks"),
    trunk: str = "imagenet",
    folds: str = "0,1,2,3,4,all",
    out: Path | None = None,
    ships: str = "all",
) -> int:
    """Train the network that finds joints, then fractures on them, and judge it.

    Every epoch is kept as it ends; the same command goes on where it was stopped. A run takes
    hours on two CPU cores; with --folds, each may have a call of its own.

    Parameters
    ----------
    work : DIR
        folder for pixels and runs
    trunk : WEIGHTS
        weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file
    folds : NAMES
        what to train, with commas between: a fold's number, all, which is what ships, or train,
        which is judged on the test split: once, when the recipe is chosen
    out : DIR
        models folder, written when what ships is done
    ships : NAME
        the run whose weights are saved: all, trusted by the answers of all folds, or a fold,
        trusted by its own
    """
    from fracture_widgets.training.recipes.looks.training import train_looks

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        figures = train_looks(
            atlas,
            trunk,
            work,
            runs=[name.strip() for name in folds.split(",")],
            out=out,
            ships=ships,
            recipe=recipe,
            monitor=monitor,
        )
    _tell(figures)
    return 0


def judge_looks(
    fracatlas: Path,
    *,
    out: Path,
    work: Path = Path("runs", "looks"),
    fold: str = "0",
    sheets: Path | None = None,
) -> int:
    """Judge a network that train looks made again, as it is served today.

    The figures go into its card; the network and its gate stay as they are. It takes about half
    an hour on two CPU cores.

    Parameters
    ----------
    out : DIR
        folder of the network, such as models/joints
    work : DIR
        folder for pixels
    fold : NAME
        the fold that it learned nothing from
    sheets : DIR
        draw the twenty worst misses and false boxes of that fold into this folder
    """
    from fracture_widgets.training.recipes.looks.training import judge_looks_again

    with work_on_fracatlas(fracatlas) as (atlas, monitor):
        figures = judge_looks_again(atlas, out, work, fold=fold, sheets=sheets, monitor=monitor)
    _tell(figures)
    return 0


def _tell(figures: Mapping[str, Any]) -> None:
    for split, figure in figures.items():
        print(f"{split.replace('_', ' ')}:")
        for line in _lines(figure):
            print(f"  {line}")


def _lines(figure: Mapping[str, Any]) -> Iterator[str]:
    """Yield what both looks are worth, a line for each threshold, part and rule."""
    from fracture_widgets.evaluation.metrics import estimate_text

    for threshold, row in figure["joints"].items():
        shares = (f"{name.replace('_', ' ')} {estimate_text(row[name])}" for name in row)
        yield f"joints from {threshold}: {', '.join(shares)}; n {row['recall']['n']}"
    for part, row in figure["fracture"].items():
        fractured = sum(row["confusion"]["counts"][0])
        yield (
            f"fracture {part:9} AUROC {estimate_text(row['auroc'])}, accuracy "
            f"{estimate_text(row['accuracy'])}, always normal {row['always_normal_accuracy']:.3f}"
            f"  n {row['n']}, {fractured} fractured"
        )
    whole = figure["whole_way"]
    yield (
        f"joints found and named by the first look: {estimate_text(whole['found'])}, their "
        f"fractures AUROC {estimate_text(whole['fracture']['auroc'])}"
    )
    for what, row in figure["pointing"].items():
        yield f"highest {what} on the fracture: {estimate_text(row)} of {row['n']}"
    for rule, row in figure["froc"].items():
        found = ", ".join(f"{share['value']:.3f} at {rate}" for rate, share in row.items())
        yield f"fractured joints found, {rule}: {found} false boxes a joint"

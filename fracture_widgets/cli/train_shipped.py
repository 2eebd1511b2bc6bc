"""``fracture-widgets train``, for what ships: the cascade, the second look, the gate, the trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.cli.options import App, folder_for, work_on_fracatlas
from fracture_widgets.parts import in_words
from fracture_widgets.training.recipes.looks import LooksRecipe

if TYPE_CHECKING:
    import pandas as pd

app = App()


@app.command(short_help="train the shipped cascade from a FracAtlas copy")
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
    bfloat16
        compute in bfloat16: about twice as fast on processors that know it (AVX512-BF16 or AMX),
        much slower on others; what ships was trained so
    look_at_test
        judge the test split too: once, when the recipe is chosen
    """
    from fracture_widgets.evaluation.metrics import estimate_text
    from fracture_widgets.training.recipes.cascade import CascadeRecipe
    from fracture_widgets.training.recipes.cascade.training import train_cascade

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
            print(f"  {_fracture_line(what, scores, '  ')}")
    return 0


@app.command(short_help="train the network that looks twice from a FracAtlas copy")
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


@app.command("judge-looks", short_help="judge the network that looks twice again, as it is served")
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


def _fracture_line(part: str, row: Mapping[str, Any], between: str) -> str:
    from fracture_widgets.evaluation.metrics import estimate_text

    fractured = sum(row["confusion"]["counts"][0])
    parts = (
        f"fracture {part:9} AUROC {estimate_text(row['auroc'])}",
        f"accuracy {estimate_text(row['accuracy'])}",
        f"always normal {row['always_normal_accuracy']:.3f}  n {row['n']}, {fractured} fractured",
    )
    return between.join(parts)


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
        yield _fracture_line(part, row, ", ")
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


@app.command(short_help="note which radiographs a cascade learned from")
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
    from fracture_widgets.training.recipes.cascade.evidence import train_trust

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

"""``fracture-widgets train cascade``: the shipped model, again or from other data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import FracAtlasCopy, new_app, path_option

app = new_app()


@app.command(short_help="train the shipped cascade from a FracAtlas copy")
def cascade(
    fracatlas: FracAtlasCopy,
    *,
    out: Annotated[Path, path_option("DIR", "models folder")],
    work: Annotated[Path, path_option("DIR", "folder for features and runs")] = Path(
        "runs", "cascade"
    ),
    trunk: Annotated[
        str,
        typer.Option(
            metavar="WEIGHTS",
            help="weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file",
        ),
    ] = "imagenet",
    bfloat16: Annotated[
        bool,
        typer.Option(
            "--bfloat16",
            help="compute in bfloat16: about twice as fast on processors that know it "
            "(AVX512-BF16 or AMX), much slower on others; what ships was trained so",
        ),
    ] = False,
    look_at_test: Annotated[
        bool,
        typer.Option(
            "--look-at-test", help="judge the test split too: once, when the recipe is chosen"
        ),
    ] = False,
) -> int:
    """Train, judge and save the cascade.

    It takes one to two hours on two CPU cores and about 10 GB in the work folder; interrupted, it
    goes on where it stopped.
    """
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.recipes.cascade import CascadeRecipe, train_cascade

    with FracAtlas.open(fracatlas) as atlas, Narrator() as narrator:
        card = train_cascade(
            atlas,
            trunk,
            out,
            work,
            recipe=CascadeRecipe(bfloat16=bfloat16),
            look_at_test=look_at_test,
            monitor=narrator.monitor,
        )
    print(_summary(card["figures"]))
    return 0


def _summary(figures: Any) -> str:
    from fracture_widgets.evaluation.metrics import estimate_text

    lines = []
    for name, figure in figures.items():
        part = figure["body_part"]
        lines.append(f"{name.replace('_', ' ')}: {part['n']} joints of {part['groups']} studies")
        lines.append(f"  body part accuracy {estimate_text(part['accuracy'])}")
        for what, scores in figure["fracture"].items():
            fractured = sum(scores["confusion"]["counts"][0])
            lines.append(
                f"  fracture {what:9} AUROC {estimate_text(scores['auroc'])}  accuracy "
                f"{estimate_text(scores['accuracy'])}  always normal "
                f"{scores['always_normal_accuracy']:.3f}  n {scores['n']}, {fractured} fractured"
            )
    return "\n".join(lines)

"""``fracture-widgets train cascade``: the shipped model, again or from other data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``cascade`` with the subparsers of ``train``."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "cascade",
        help="train the shipped cascade from a FracAtlas copy",
        description="Train, judge and save the cascade. It takes one to two hours on two CPU "
        "cores and about 10 GB in the work folder; interrupted, it goes on where it stopped.",
    )
    parser.add_argument("fracatlas", metavar="FRACATLAS", help="FracAtlas folder or zip")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="models folder")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("runs", "cascade"),
        metavar="DIR",
        help="folder for features and runs (%(default)s)",
    )
    parser.add_argument(
        "--trunk",
        default="imagenet",
        metavar="WEIGHTS",
        help="weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file",
    )
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="compute in bfloat16: about twice as fast on processors that know it (AVX512-BF16 or "
        "AMX), much slower on others; what ships was trained so",
    )
    parser.add_argument(
        "--look-at-test",
        action="store_true",
        help="judge the test split too: once, when the recipe is chosen",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.recipes.cascade import CascadeRecipe, train_cascade

    bars: dict[str, Any] = {}

    def step(done: int, total: int | None, what: str) -> None:
        if what not in bars:
            bars[what] = tqdm(desc=what, total=total, file=sys.stderr, disable=None)
        bars[what].update(done - bars[what].n)

    try:
        with FracAtlas.open(arguments.fracatlas) as atlas:
            card = train_cascade(
                atlas,
                arguments.trunk,
                arguments.out,
                arguments.work,
                recipe=CascadeRecipe(bfloat16=arguments.bfloat16),
                look_at_test=arguments.look_at_test,
                monitor=Monitor(step, lambda line: print(line, file=sys.stderr, flush=True)),
            )
    finally:
        for bar in bars.values():
            bar.close()
    print(_summary(card["figures"]))
    return 0


def _summary(figures: Any) -> str:
    from fracture_widgets.evaluation.model_card import said

    lines = []
    for name, figure in figures.items():
        part = figure["body_part"]
        lines.append(f"{name.replace('_', ' ')}: {part['n']} joints of {part['groups']} studies")
        lines.append(f"  body part accuracy {said(part['accuracy'])}")
        for what, scores in figure["fracture"].items():
            fractured = sum(scores["confusion"]["counts"][0])
            lines.append(
                f"  fracture {what:9} AUROC {said(scores['auroc'])}  accuracy "
                f"{said(scores['accuracy'])}  always normal "
                f"{scores['always_normal_accuracy']:.3f}  n {scores['n']}, {fractured} fractured"
            )
    return "\n".join(lines)

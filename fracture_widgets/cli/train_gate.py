"""``fracture-widgets train gate``: what the cascade refuses, fitted and measured again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from fracture_widgets.parts import in_words

__all__ = ["add_parser"]

_PARTS = ("out_of_fold", "test")


def add_parser(subparsers: Any) -> None:
    """Register ``gate`` with the subparsers of ``train``."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "gate",
        help=f"fit the gate that refuses what is no {in_words()}",
        description="Fit the gate on a FracAtlas copy, measure it on legs, hips, drawings, noise "
        "and photographs, and put it into the models folder with its figures. It takes about "
        "half an hour on two CPU cores; interrupted, it goes on where it stopped.",
    )
    parser.add_argument("fracatlas", metavar="FRACATLAS", help="FracAtlas folder or zip")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="models folder with the cascade"
    )
    parser.add_argument(
        "--strangers",
        type=Path,
        metavar="DIR",
        help="more pictures that should be refused, in a folder for each kind",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("runs", "gate"),
        metavar="DIR",
        help="folder for what the network saw (%(default)s)",
    )
    parser.add_argument("--note", default="", help="a sentence on the figures, for the card")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.recipes.gate import train_gate

    with (
        FracAtlas.open(arguments.fracatlas) as atlas,
        tqdm(desc="looking", file=sys.stderr, disable=None) as bar,
    ):

        def step(done: int, total: int | None, _what: str) -> None:
            bar.total = total
            bar.update(done - bar.n)

        figures = train_gate(
            atlas,
            arguments.out,
            arguments.work,
            strangers=arguments.strangers,
            note=arguments.note,
            monitor=Monitor(step),
        )
    print(_summary(figures))
    return 0


def _summary(figures: Any) -> str:
    lines = []
    for part in _PARTS:
        figure = dict(figures[part])
        wide = 2 + max(map(len, figure))
        lines.append(f"{part.replace('_', ' ')}: kept {_interval(figure.pop('kept'))}")
        lines.append(f"  {'kind':{wide}}{'n':>6}{'groups':>8}  {'refused':26}AUROC")
        for kind, row in figure.items():
            area = _interval(row["auroc"]) if "auroc" in row else ""
            lines.append(
                f"  {kind:{wide}}{row['n']:6}{row['groups']:8}  "
                f"{_interval(row['refused']):26}{area}"
            )
    return "\n".join(lines)


def _interval(estimate: Any) -> str:
    value = f"{estimate['value']:.4f}"
    if estimate["low"] is None:
        return value
    return f"{value} ({estimate['low']:.4f} to {estimate['high']:.4f})"

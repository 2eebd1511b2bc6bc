"""``fracture-widgets train gate``: what the cascade refuses, fitted and measured again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import FracAtlasCopy, Note, new_app, path_option
from fracture_widgets.parts import in_words

app = new_app()

_SPLITS = ("out_of_fold", "test")


@app.command(short_help=f"fit the gate that refuses what is no {in_words()}")
def gate(
    fracatlas: FracAtlasCopy,
    *,
    out: Annotated[Path, path_option("DIR", "models folder with the cascade")],
    strangers: Annotated[
        Path | None,
        path_option("DIR", "more pictures that should be refused, in a folder for each kind"),
    ] = None,
    work: Annotated[Path, path_option("DIR", "folder for what the network saw")] = Path(
        "runs", "gate"
    ),
    note: Note = "",
) -> int:
    """Fit the gate on a FracAtlas copy and put it into the models folder with its figures.

    It is measured on legs, hips, drawings, noise and photographs. It takes about half an hour on
    two CPU cores; interrupted, it goes on where it stopped.
    """
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.recipes.gate import train_gate

    with FracAtlas.open(fracatlas) as atlas, Narrator() as narrator:
        figures = train_gate(
            atlas,
            out,
            work,
            strangers=strangers,
            note=note,
            monitor=narrator.monitor,
        )
    print(_summary(figures))
    return 0


def _summary(figures: Any) -> str:
    lines = []
    for split in _SPLITS:
        figure = dict(figures[split])
        wide = 2 + max(map(len, figure))
        lines.append(f"{split.replace('_', ' ')}: kept {_interval(figure.pop('kept'))}")
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

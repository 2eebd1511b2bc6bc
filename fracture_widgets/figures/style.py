"""The colours and lines that all figures share."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

# Told apart by lightness as well as hue, so that they hold in grey and for the colour-blind.
TRAINING, VALIDATION, KEPT = "#9aa5b1", "#0b5c8a", "#c2571a"
SERIES = (VALIDATION, KEPT, "#3d7a3a", "#7a4e9e", "#8a6d00")
# And by the pattern of the line, where several cross.
LINES: tuple[Any, ...] = (
    "solid",
    (0, (7, 1.5)),
    (0, (2.5, 1)),
    (0, (7, 1.5, 1.5, 1.5)),
    (0, (1, 0.8)),
)
INK, QUIET, FAINT = "#22272e", "#59636e", "#d5dae0"
DASHES: Any = (0, (4, 3))
STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "font.size": 10,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.facecolor": "white",
    "legend.framealpha": 0.9,
    "legend.fontsize": 9.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def sentence(words: str) -> str:
    """Begin words with a capital letter and leave the rest as it is."""
    return f"{words[:1].upper()}{words[1:]}"


@cache
def font_file(bold: bool = False) -> Path:
    """Return the font of pages and of what stands over pictures."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name)

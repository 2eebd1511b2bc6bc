"""The colours and the font of the report page; colours of text reach a contrast of 4.5 on white."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fracture_widgets.parts import Verdict

INK = "#14202b"
QUIET = "#52616f"
RULE = "#d5dde4"
TRACK = "#e6ecf1"
BLUE = "#2b6590"
PALE = "#9fb0be"
STAGE = "#0b1117"
CAUTION = "#fdf3dc"
JOINT = "#b4c2ce"
FOUND = "#ffc15e"
"""Of boxes over a radiograph, as on the page: what was examined, and what was found."""

VERDICTS = {
    Verdict.FRACTURE: "#b3401f",
    Verdict.DOUBT: "#8a5a00",
    Verdict.NONE_SEEN: "#1b6b57",
    Verdict.REFUSED: "#52616f",
}
"""Colour of each verdict's words."""

ZONES = {
    Verdict.NONE_SEEN: "#cfe5dc",
    Verdict.DOUBT: "#f5e2b4",
    Verdict.FRACTURE: "#f1cfc2",
}
"""Colour of each verdict's stretch of the scale of probabilities, from the least on."""


@cache
def font_file(bold: bool = False) -> Path:
    """Return the font of pages and of what stands over pictures."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name)

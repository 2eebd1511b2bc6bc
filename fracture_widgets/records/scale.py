"""The scale of probabilities with its operating points, and the answer's place on it."""

from __future__ import annotations

from fracture_widgets.base.words import percent
from fracture_widgets.figures.palette import INK, QUIET, VERDICTS, ZONES
from fracture_widgets.models.report import Answer
from fracture_widgets.models.verdict_words import operating_points
from fracture_widgets.records.lettering import lines_of, width_of
from fracture_widgets.records.sheet import Sheet

__all__ = ["draw_operating_points"]


def draw_operating_points(sheet: Sheet, answer: Answer, x: float, y: float, width: float) -> None:
    """Draw where the calibrated probability lies between the two operating points."""
    sheet.text(x, y + 22, "Fracture", INK, 26, bold=True)
    edges = (0.0, answer.band.low, answer.band.high, 1.0)
    top, height = y + 72, 22
    place = x + width * answer.calibrated_probability
    for (verdict, colour), start, end in zip(ZONES.items(), edges[:-1], edges[1:], strict=True):
        if end <= start:
            continue
        sheet.box(x + width * start, top, width * (end - start), height, fill=colour)
        middle, room = x + width * (start + end) / 2, width_of(verdict, 16) + 16
        if width * (end - start) > room and abs(place - middle) > room / 2:
            sheet.text(middle, top + 17, verdict.capitalize(), INK, 16, align="center")
    colour = VERDICTS[answer.verdict]
    sheet.box(place - 3, top - 8, 6, height + 16, fill=colour, radius=3)
    words = percent(answer.calibrated_probability)
    half = width_of(words, 22, bold=True) / 2 + 2
    sheet.text(
        min(max(place, x + half), x + width - half),
        top - 14,
        words,
        colour,
        22,
        bold=True,
        align="center",
    )
    base = top + height + 34
    for line in lines_of(operating_points(answer.band), width, 20, most=2):
        sheet.text(x, base, line, QUIET, 20)
        base += 28

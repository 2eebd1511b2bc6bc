"""The report page: one PNG with everything a person wants to keep of a result."""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.cascade.report import Report
from fracture_widgets.rendering.overlay import grey_picture, overlay
from fracture_widgets.rendering.words import percent
from fracture_widgets.vocabulary import FRACTURED

__all__ = ["report_png"]

_WIDTH, _HEIGHT = 1240, 1754  # A4 at 150 dots per inch
_DPI = 150
_MARGIN = 88
_INNER = _WIDTH - 2 * _MARGIN
_GUTTER = 32
_PICTURE_HEIGHT = 690

_INK = "#14202b"
_QUIET = "#52616f"
_RULE = "#d5dde4"
_TRACK = "#e6ecf1"
_BLUE = "#2b6590"
_STAGE = "#0b1117"
_FRACTURED = "#b3401f"
_NORMAL = "#1b6b57"
_CAUTION = "#fdf3dc"

_NOTICE = "For teaching and research. Not a medical device."


@cache
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    import matplotlib  # not before a report is drawn

    # DejaVu comes with matplotlib on every system and covers most scripts a file name is in.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)), size)


def report_png(report: Report, *, examined_at: datetime | None = None) -> bytes:
    """Draw a report as one page.

    Parameters
    ----------
    report
        What the cascade said.
    examined_at
        When; now by default.

    Returns
    -------
    bytes
        A PNG of A4 proportions, 1240 x 1754 pixels: the verdict, the radiograph beside its
        heatmap, every probability, the file, the model and the date.
    """
    page = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    moment = (examined_at or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M")
    y = _heading(draw, report, moment)
    y = _pictures(page, draw, report, y + 36)
    y = _probabilities(draw, report, y + 44)
    y = _details(draw, report, y + 36)
    _warnings(draw, report, y + 24)
    _footer(draw)
    file = io.BytesIO()
    page.save(file, "PNG", optimize=True, dpi=(_DPI, _DPI))
    return file.getvalue()


def _heading(draw: ImageDraw.ImageDraw, report: Report, moment: str) -> int:
    y = _MARGIN - 16
    draw.text((_MARGIN, y), "Fracture Widgets", _QUIET, _font(22, bold=True))
    draw.text((_WIDTH - _MARGIN, y), moment, _QUIET, _font(22), anchor="ra")
    y += 46
    draw.line((_MARGIN, y, _WIDTH - _MARGIN, y), _RULE, 2)
    y += 34
    part = f"{report.body_part.capitalize()}: "
    title = _font(56, bold=True)
    draw.text((_MARGIN, y), part, _INK, title)
    colour = _FRACTURED if report.label == FRACTURED else _NORMAL
    draw.text((_MARGIN + draw.textlength(part, title), y), report.label, colour, title)
    if report.radiograph.source_format == "drawn":
        _mark_as_drawn(draw, y + 14)
    y += 84
    line = (
        f"Probability of a fracture {percent(report.fracture_probability)}, "
        f"of this body part {percent(report.body_part_probability)}."
    )
    draw.text((_MARGIN, y), line, _QUIET, _font(26))
    return y + 34


def _mark_as_drawn(draw: ImageDraw.ImageDraw, y: int) -> None:
    font, text = _font(20, bold=True), "Drawn, no patient"
    left = _WIDTH - _MARGIN - round(draw.textlength(text, font)) - 32
    draw.rounded_rectangle((left, y, _WIDTH - _MARGIN, y + 42), 21, None, _QUIET, 2)
    draw.text((left + 16, y + 21), text, _QUIET, font, anchor="lm")


def _pictures(page: Image.Image, draw: ImageDraw.ImageDraw, report: Report, y: int) -> int:
    width = (_INNER - _GUTTER) // 2
    shown = (
        ("Radiograph", grey_picture(report.radiograph, 1024).convert("RGB")),
        (
            "Where the network looked (Grad-CAM)",
            overlay(report.radiograph, report.heatmap, max_side=1024),
        ),
    )
    for column, (title, picture) in enumerate(shown):
        x = _MARGIN + column * (width + _GUTTER)
        draw.rounded_rectangle((x, y, x + width, y + _PICTURE_HEIGHT), 10, _STAGE)
        scale = min((width - 24) / picture.width, (_PICTURE_HEIGHT - 24) / picture.height)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        fitted = picture.resize(size, Image.Resampling.LANCZOS)
        left, top = x + (width - size[0]) // 2, y + (_PICTURE_HEIGHT - size[1]) // 2
        page.paste(fitted, (left, top))
        draw.text((x, y + _PICTURE_HEIGHT + 12), title, _QUIET, _font(20))
    return y + _PICTURE_HEIGHT + 38


def _probabilities(draw: ImageDraw.ImageDraw, report: Report, y: int) -> int:
    width = (_INNER - _GUTTER) // 2
    fracture = report.fracture_probability
    questions = (
        ("Body part", dict(report.body_part_probabilities), _BLUE),
        (
            "Fracture",
            {"fractured": fracture, "normal": 1.0 - fracture},
            _FRACTURED if report.label == FRACTURED else _NORMAL,
        ),
    )
    bottom = y
    for column, (title, probabilities, colour) in enumerate(questions):
        x = _MARGIN + column * (width + _GUTTER)
        draw.text((x, y), title, _INK, _font(26, bold=True))
        line = y + 48
        answer = report.body_part if column == 0 else report.label
        for name, probability in probabilities.items():
            chosen = name == answer
            draw.text((x, line), name.capitalize(), _INK if chosen else _QUIET, _font(22, chosen))
            track = (x + 150, line + 4, x + width - 116, line + 24)
            draw.rounded_rectangle(track, 10, _TRACK)
            length = round((track[2] - track[0]) * probability)
            if length >= 20:  # shorter than its own rounding, a bar cannot be drawn
                bar = (track[0], track[1], track[0] + length, track[3])
                draw.rounded_rectangle(bar, 10, colour if chosen else "#9fb0be")
            draw.text((x + width, line), percent(probability), _INK, _font(22), anchor="ra")
            line += 40
        bottom = max(bottom, line)
    return bottom


def _details(draw: ImageDraw.ImageDraw, report: Report, y: int) -> int:
    radiograph = report.radiograph
    draw.line((_MARGIN, y, _WIDTH - _MARGIN, y), _RULE, 2)
    y += 26
    facts = (
        ("File", radiograph.name),
        ("Size", f"{radiograph.width} × {radiograph.height} pixels, {radiograph.source_format}"),
        ("File sha256", radiograph.sha256),
        ("Model sha256", report.model),
    )
    for name, value in facts:
        draw.text((_MARGIN, y), name, _QUIET, _font(20))
        font = _font(20)
        draw.text((_MARGIN + 190, y), _fitted(draw, value, font, _INNER - 190), _INK, font)
        y += 36
    return y


def _warnings(draw: ImageDraw.ImageDraw, report: Report, y: int) -> None:
    font = _font(20)
    lines = [_fitted(draw, text, font, _INNER - 40) for text in report.radiograph.warnings[:3]]
    if lines:
        draw.rounded_rectangle(
            (_MARGIN, y, _WIDTH - _MARGIN, y + 24 + 32 * len(lines)), 8, _CAUTION
        )
    for number, line in enumerate(lines):
        draw.text((_MARGIN + 20, y + 14 + 32 * number), line, _INK, font)


def _footer(draw: ImageDraw.ImageDraw) -> None:
    y = _HEIGHT - _MARGIN - 20
    draw.line((_MARGIN, y - 26, _WIDTH - _MARGIN, y - 26), _RULE, 2)
    draw.text((_MARGIN, y), _NOTICE, _INK, _font(22, bold=True))


def _fitted(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float
) -> str:
    """Cut the middle out of a text that is too long, and keep it on one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    if draw.textlength(text, font) <= width:
        return text
    keep = len(text)
    while keep > 2:
        keep -= 1
        head, tail = text[: (keep + 1) // 2], text[len(text) - keep // 2 :]
        if draw.textlength(f"{head}…{tail}", font) <= width:
            return f"{head}…{tail}"
    return "…"

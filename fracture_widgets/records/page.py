"""The report page: one sheet with everything a person wants to keep of a result."""

from __future__ import annotations

from datetime import UTC, datetime

from PIL import Image

from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE, percent, utc
from fracture_widgets.figures.overlay import grey_picture, overlay
from fracture_widgets.figures.palette import (
    BLUE,
    CAUTION,
    INK,
    PALE,
    QUIET,
    RULE,
    STAGE,
    TRACK,
    VERDICTS,
    ZONES,
)
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.verdict_words import (
    finding_in_words,
    meaning,
    operating_points,
    override_mark,
    verdict_heading,
)
from fracture_widgets.records.sheet import HEIGHT, WIDTH, Sheet, lines_of, one_line, width_of

_MARGIN = 88
_INNER = WIDTH - 2 * _MARGIN
_RIGHT = WIDTH - _MARGIN
_GUTTER = 32
_COLUMN = (_INNER - _GUTTER) / 2
_FOOT = HEIGHT - _MARGIN
_PICTURE_SIDE = 2048
_FINDINGS = 3  # as many as the page has room for
_NAMES = 190  # room for the names of the facts, in dots


def report_png(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Draw a report as a picture of one page."""
    return _page(report, made_at or datetime.now(UTC)).to_png()


def report_pdf(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Draw a report as a PDF document of one A4 page; its text can be selected and searched."""
    moment = (made_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return _page(report, moment).to_pdf(
        title="Fracture Widgets report",
        subject=NOTICE,
        creator=f"Fracture Widgets {__version__}",
        made_at=moment,
    )


def _page(report: Report, moment: datetime) -> Sheet:
    sheet = Sheet()
    y = _heading(sheet, report, moment)
    y = _mark_as_overridden(sheet, report.answer, y + 26)
    y = _warnings(sheet, report, _details(sheet, report, _evidence(sheet, report, y)))
    _footer(sheet)
    return sheet


def _heading(sheet: Sheet, report: Report, moment: datetime) -> float:
    sheet.text(_MARGIN, 92, "Fracture Widgets", QUIET, 22, bold=True)
    sheet.text(_RIGHT, 92, utc(moment), QUIET, 22, align="right")
    sheet.line(_MARGIN, 118, _RIGHT, 118, RULE, 2)
    part, verdict = verdict_heading(report.answer)
    lead = f"{part}: " if part else ""
    sheet.text(_MARGIN, 200, lead, INK, 56, bold=True)
    sheet.text(
        _MARGIN + width_of(lead, 56, bold=True),
        200,
        verdict if lead else verdict.capitalize(),
        VERDICTS[report.verdict],
        56,
        bold=True,
    )
    if report.radiograph.source_format == "drawn":
        _mark_as_drawn(sheet, 162)
    y = 252.0
    for line in lines_of(meaning(report.answer), _INNER, 24, most=4):
        sheet.text(_MARGIN, y, line, INK if report.refused else QUIET, 24)
        y += 34
    return y - 34


def _mark_as_drawn(sheet: Sheet, y: float) -> None:
    text = "Drawn, no patient"
    width = width_of(text, 20, bold=True) + 34
    sheet.box(_RIGHT - width, y, width, 42, edge=QUIET, radius=21)
    sheet.text(_RIGHT - width / 2, y + 28, text, QUIET, 20, bold=True, align="center")


def _mark_as_overridden(sheet: Sheet, answer: Answer, y: float) -> float:
    mark = override_mark(answer)
    if not mark:
        return y
    lines = lines_of(mark, _INNER - 40, 22, most=3, bold=True)
    sheet.box(_MARGIN, y, _INNER, 24 + 32 * len(lines), fill=CAUTION, edge=INK, radius=8)
    for number, line in enumerate(lines):
        sheet.text(_MARGIN + 20, y + 36 + 32 * number, line, INK, 22, bold=True)
    return y + 24 + 32 * len(lines) + 20


def _evidence(sheet: Sheet, report: Report, y: float) -> float:
    """Draw the pictures and the figures; of a refused radiograph, the radiograph alone."""
    radiograph = grey_picture(report.radiograph, _PICTURE_SIDE)
    if report.refused:
        return _picture(sheet, _MARGIN, y, _INNER, "Radiograph", radiograph) + 30
    looked = overlay(report.radiograph, report.heatmap, max_side=_PICTURE_SIDE)
    right = _MARGIN + _COLUMN + _GUTTER
    _picture(sheet, _MARGIN, y, _COLUMN, "Radiograph", radiograph)
    y = _picture(sheet, right, y, _COLUMN, "Where the network looked (Grad-CAM)", looked) + 52
    _body_parts(sheet, report.answer, _MARGIN, y)
    _operating_points(sheet, report.answer, right, y, _COLUMN)
    return y + 58 + 40 * max(3, len(report.answer.body_part_probabilities))


def _picture(
    sheet: Sheet, x: float, y: float, width: float, title: str, picture: Image.Image
) -> float:
    height = 960 - y
    sheet.box(x, y, width, height, fill=STAGE, radius=10)
    sheet.picture(x + 12, y + 12, width - 24, height - 24, picture)
    sheet.text(x, y + height + 30, title, QUIET, 20)
    return y + height + 30


def _body_parts(sheet: Sheet, answer: Answer, x: float, y: float) -> None:
    sheet.text(x, y + 22, "Body part", INK, 26, bold=True)
    y += 48
    for name, probability in answer.body_part_probabilities.items():
        chosen = name == answer.body_part
        base = y + 20
        sheet.text(x, base, name.capitalize(), INK if chosen else QUIET, 22, bold=chosen)
        track = _COLUMN - 266
        sheet.box(x + 150, y + 2, track, 20, fill=TRACK, radius=10)
        if track * probability >= 4:
            colour = BLUE if chosen else PALE
            sheet.box(x + 150, y + 2, track * probability, 20, fill=colour, radius=10)
        sheet.text(x + _COLUMN, base, percent(probability), INK, 22, align="right")
        y += 40


def _operating_points(sheet: Sheet, answer: Answer, x: float, y: float, width: float) -> None:
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


def _details(sheet: Sheet, report: Report, y: float) -> float:
    radiograph = report.radiograph
    sheet.line(_MARGIN, y + 24, _RIGHT, y + 24, RULE, 2)
    y += 64
    found = report.answer.visible_findings
    facts = (
        *(("Finding", finding_in_words(finding)) for finding in found[:_FINDINGS]),
        *([("", f"and {len(found) - _FINDINGS} more")] if len(found) > _FINDINGS else []),
        ("File", radiograph.name),
        ("Size", f"{radiograph.width} × {radiograph.height} pixels, {radiograph.source_format}"),
        ("File sha256", radiograph.sha256),
        ("Model sha256", report.model),
        ("Made by", f"Fracture Widgets {__version__}"),
    )
    for name, value in facts:
        sheet.text(_MARGIN, y, name, QUIET, 20)
        sheet.text(_MARGIN + _NAMES, y, one_line(value, _INNER - _NAMES, 20), INK, 20)
        y += 36
    return y - 10


def _warnings(sheet: Sheet, report: Report, y: float) -> float:
    width = _INNER - 40
    lines = [line for warning in report.warnings for line in lines_of(warning, width, 20, most=2)]
    room = int((_FOOT - 60 - y - 24) // 30)
    if len(lines) > room:
        lines = [*lines[: room - 1], "… and more: see the result itself."]
    if lines:
        sheet.box(_MARGIN, y, _INNER, 22 + 30 * len(lines), fill=CAUTION, radius=8)
    for number, line in enumerate(lines):
        sheet.text(_MARGIN + 20, y + 32 + 30 * number, line, INK, 20)
    return y


def _footer(sheet: Sheet) -> None:
    sheet.line(_MARGIN, _FOOT - 46, _RIGHT, _FOOT - 46, RULE, 2)
    sheet.text(_MARGIN, _FOOT - 8, NOTICE, INK, 22, bold=True)

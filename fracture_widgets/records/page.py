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
    FOUND,
    INK,
    JOINT,
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
    finding_label,
    joint_label,
    meaning,
    not_examined,
    operating_points,
    override_mark,
    verdict_heading,
    verdict_words,
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
_JOINTS = 6
_ROW = 40
_FACT = 36
_LABEL = 16
_NAMES = 190  # room for the names of the facts, in dots
_Frame = tuple[float, float, float, float]
"""Left, top, width and height."""


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
    said = verdict if lead else verdict.capitalize()
    room = float(_INNER)
    if report.radiograph.source_format == "drawn":
        room -= _mark_as_drawn(sheet, 162) + _GUTTER
    size = min(56.0, 56.0 * room / width_of(lead + said, 56, bold=True))
    sheet.text(_MARGIN, 200, lead, INK, size, bold=True)
    start = _MARGIN + width_of(lead, size, bold=True)
    sheet.text(start, 200, said, VERDICTS[report.verdict], size, bold=True)
    y = 252.0
    for line in lines_of(meaning(report.answer), _INNER, 24, most=4):
        sheet.text(_MARGIN, y, line, INK if report.refused else QUIET, 24)
        y += 34
    return y - 34


def _mark_as_drawn(sheet: Sheet, y: float) -> float:
    """Say that no patient is behind it, at the right, and return how wide that is."""
    text = "Drawn, no patient"
    width = width_of(text, 20, bold=True) + 34
    sheet.box(_RIGHT - width, y, width, 42, edge=QUIET, radius=21)
    sheet.text(_RIGHT - width / 2, y + 28, text, QUIET, 20, bold=True, align="center")
    return width


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
    answer, radiograph = report.answer, grey_picture(report.radiograph, _PICTURE_SIDE)
    bottom = _bottom_of_pictures(report)
    if report.refused:
        _picture(sheet, (_MARGIN, y, _INNER, bottom - y), "Radiograph", radiograph)
        return bottom + 60
    looked = overlay(report.radiograph, report.heatmap, max_side=_PICTURE_SIDE)
    right = _MARGIN + _COLUMN + _GUTTER
    frame = _picture(sheet, (_MARGIN, y, _COLUMN, bottom - y), "Radiograph", radiograph)
    _boxes(sheet, answer, frame)
    _picture(sheet, (right, y, _COLUMN, bottom - y), "Where the network looked (Grad-CAM)", looked)
    y = bottom + 82
    (_body_parts if len(answer.joints) < 2 else _joints)(sheet, answer, _MARGIN, y)
    _operating_points(sheet, answer, right, y, _COLUMN)
    return y + 58 + _ROW * _rows(answer)


def _rows(answer: Answer) -> int:
    """Return how many rows the list of parts or joints takes."""
    joints = len(answer.joints)
    return max(3, len(answer.body_part_probabilities) if joints < 2 else min(joints, _JOINTS))


def _bottom_of_pictures(report: Report) -> float:
    """Return where the pictures end, so that all that stands below them has room."""
    figures = 60 if report.refused else 140 + _ROW * _rows(report.answer)
    facts = 64 + _FACT * len(_facts(report))
    warned = 30 * min(3, len(_warning_lines(report)))
    return min(960, _FOOT - 74 - warned - facts - figures)


def _picture(sheet: Sheet, frame: _Frame, title: str, picture: Image.Image) -> _Frame:
    """Draw a picture on a dark ground, and return where it lies."""
    x, y, width, height = frame
    sheet.box(x, y, width, height, fill=STAGE, radius=10)
    sheet.text(x, y + height + 30, title, QUIET, 20)
    return sheet.picture(x + 12, y + 12, width - 24, height - 24, picture)


def _boxes(sheet: Sheet, answer: Answer, frame: _Frame) -> None:
    """Draw the joints and the findings over the radiograph, each with its name."""
    joints = [(joint.box, joint_label(joint)) for joint in answer.examined_joints]
    found = [(x.box, finding_label(x)) for x in answer.visible_findings if x.box is not None]
    left, top, width, height = frame
    named = []
    for boxes, colour in ((joints, JOINT), (found, FOUND)):
        for box, label in boxes:
            x, y = left + box.x0 * width, top + box.y0 * height
            sheet.box(x, y, box.width * width, box.height * height, edge=colour)
            # A joint's name stands at the top of its box and that of a finding that is listed below
            # it.
            named.append((x, y if colour == JOINT else y + box.height * height, label, colour))
    line, taken = _LABEL + 6, list[tuple[float, float, float]]()
    for x, y, label, colour in named[: len(joints) + _FINDINGS]:
        room = width_of(label, _LABEL, bold=True) + 10
        x = max(left, min(x, left + width - room))
        y = min(y + 2, top + height - line)
        while y + 2 * line <= top + height and any(
            x < end and start < x + room and abs(y - other) < line for start, end, other in taken
        ):
            y += line
        taken.append((x, x + room, y))
        sheet.box(x, y, room, line, fill=STAGE)
        sheet.text(x + 5, y + _LABEL, label, colour, _LABEL, bold=True)


def _joints(sheet: Sheet, answer: Answer, x: float, y: float) -> None:
    """List the joints' answers, the gravest first."""
    sheet.text(x, y + 22, "Joints", INK, 26, bold=True)
    y += 68
    several = len(answer.joints)
    shown = answer.joints[: _JOINTS if several <= _JOINTS else _JOINTS - 1]
    for joint in shown:
        colour = VERDICTS[joint.verdict]
        part = f"{joint.answer.body_part.capitalize()}: "
        sheet.text(x, y, part, INK, 20)
        probability = joint.answer.calibrated_probability
        said, words = verdict_words(joint.verdict, probability), percent(probability)
        sheet.text(x + width_of(part, 20), y, said, colour, 20, bold=True)
        sheet.text(x + _COLUMN, y, words, INK, 20, align="right")
        y += _ROW
    if len(shown) < several:
        sheet.text(x, y, f"and {several - len(shown)} more", QUIET, 22)


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
        y += _ROW


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
    sheet.line(_MARGIN, y + 24, _RIGHT, y + 24, RULE, 2)
    y += 64
    for name, value in _facts(report):
        sheet.text(_MARGIN, y, name, QUIET, 20)
        sheet.text(_MARGIN + _NAMES, y, one_line(value, _INNER - _NAMES, 20), INK, 20)
        y += _FACT
    return y - 10


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    radiograph, found = report.radiograph, report.answer.visible_findings
    joints = report.answer.examined_joints
    return (
        *([("Joints", not_examined(len(joints)))] if joints else []),
        *(("Finding", finding_in_words(finding)) for finding in found[:_FINDINGS]),
        *([("", f"and {len(found) - _FINDINGS} more")] if len(found) > _FINDINGS else []),
        ("File", radiograph.name),
        ("Size", f"{radiograph.width} × {radiograph.height} pixels, {radiograph.source_format}"),
        ("File sha256", radiograph.sha256),
        ("Model sha256", report.model),
        ("Made by", f"Fracture Widgets {__version__}"),
    )


def _warning_lines(report: Report) -> list[str]:
    width = _INNER - 40
    return [line for warning in report.warnings for line in lines_of(warning, width, 20, most=2)]


def _warnings(sheet: Sheet, report: Report, y: float) -> float:
    lines = _warning_lines(report)
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

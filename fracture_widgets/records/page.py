"""The report page: one sheet with everything a person wants to keep of a result."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fracture_widgets.base.language import gettext, told
from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE, begun, local, percent
from fracture_widgets.figures.overlay import PLAIN, Look, map_key, map_shown, picture_of
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
from fracture_widgets.models.report import Answer, JointAnswer, Report
from fracture_widgets.models.verdict_words import (
    Annotation,
    annotations_of,
    meaning,
    not_examined,
    operating_points,
    override_mark,
    verdict_heading,
    verdict_words,
)
from fracture_widgets.parts import Verdict
from fracture_widgets.records.sheet import (
    FINE,
    HEIGHT,
    WIDTH,
    Frame,
    Sheet,
    fitted,
    lines_of,
    one_line,
    to_pdf,
    width_of,
)

if TYPE_CHECKING:
    from fracture_widgets.records.saved_result import SavedResult

MARGIN = 88
INNER = WIDTH - 2 * MARGIN
RIGHT = WIDTH - MARGIN
FOOT = HEIGHT - MARGIN
"""Of a page: its margin, the width between the margins, and where that ends."""

_GUTTER = 32
_PICTURE = 640  # the width of the stage
_COLUMN = INNER - _PICTURE - _GUTTER
_BESIDE = RIGHT - _COLUMN
FRAME = 8
"""Dots of the stage around the picture."""
_UNIT = 1.2  # dots of the page to a pixel of a screen
_JOINTS = 6  # as many as the page has room for
_ROW = 36
_FACT = 36
_NAMES = 190  # room for the names of the facts, in dots


def report_png(
    report: Report,
    *,
    made_at: datetime | None = None,
    look: Look = PLAIN,
    reading: SavedResult | None = None,
) -> bytes:
    """Draw a report as a picture of one page; ``look`` and ``reading`` are as in a document."""
    return report_page(report, made_at or datetime.now(UTC), look, reading).to_png()


def report_pdf(
    report: Report,
    *,
    made_at: datetime | None = None,
    look: Look = PLAIN,
    reading: SavedResult | None = None,
) -> bytes:
    """Draw a report as a PDF document of one A4 page; its text can be selected and searched.

    ``look`` is how the radiograph was looked at, ``reading`` what a reader concludes of it.
    """
    moment = (made_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return as_document([report_page(report, moment, look, reading)], moment)


def as_document(pages: list[Sheet], moment: datetime) -> bytes:
    """Return pages as one PDF document."""
    return to_pdf(
        pages,
        title=gettext("Fracture Widgets report"),
        subject=gettext(NOTICE),
        creator=f"Fracture Widgets {__version__}",
        made_at=moment,
    )


def report_page(
    report: Report, moment: datetime, look: Look = PLAIN, reading: SavedResult | None = None
) -> Sheet:
    """Draw the page of a report."""
    sheet = Sheet()
    y = _heading(sheet, report, moment)
    y = reading_line(sheet, reading, y)
    y = _mark_as_overridden(sheet, report.answer, y + 26)
    y = _details(sheet, report, look, _evidence(sheet, report, look, y))
    _warnings(sheet, report, y)
    footer(sheet)
    return sheet


def _heading(sheet: Sheet, report: Report, moment: datetime) -> float:
    part, verdict = verdict_heading(report.answer)
    drawn = report.radiograph.source_format == "drawn"
    lead = f"{part}: " if part else ""
    heading(sheet, moment, lead, (verdict, report.verdict), drawn=drawn)
    y = 252.0
    for line in lines_of(meaning(report.answer), INNER, 24, most=4):
        sheet.text(MARGIN, y, line, INK if report.refused else QUIET, 24)
        y += 34
    return y - 34


def heading(
    sheet: Sheet, moment: datetime, lead: str, said: tuple[str, Verdict], *, drawn: bool = False
) -> None:
    """Draw the head of a page, with a verdict in large letters and in its colour."""
    sheet.text(MARGIN, 92, "Fracture Widgets", QUIET, 22, bold=True)
    sheet.text(RIGHT, 92, local(moment), QUIET, 22, align="right")
    sheet.line(MARGIN, 118, RIGHT, 118, RULE, 2)
    words, verdict = said
    words = words if lead else begun(words)
    room = float(INNER)
    if drawn:
        room -= _mark_as_drawn(sheet, 162) + _GUTTER
    size = min(56.0, 56.0 * room / width_of(lead + words, 56, bold=True))
    sheet.text(MARGIN, 200, lead, INK, size, bold=True)
    start = MARGIN + width_of(lead, size, bold=True)
    sheet.text(start, 200, words, VERDICTS[verdict], size, bold=True)


def _mark_as_drawn(sheet: Sheet, y: float) -> float:
    """Say that no patient is behind it, at the right, and return how wide that is."""
    text = gettext("Drawn, no patient")
    width = width_of(text, 20, bold=True) + 34
    sheet.box(RIGHT - width, y, width, 42, edge=QUIET, radius=21)
    sheet.text(RIGHT - width / 2, y + 28, text, QUIET, 20, bold=True, align="center")
    return width


def _mark_as_overridden(sheet: Sheet, answer: Answer, y: float) -> float:
    mark = override_mark(answer)
    if not mark:
        return y
    lines = lines_of(mark, INNER - 40, 22, most=3, bold=True)
    sheet.box(MARGIN, y, INNER, 24 + 32 * len(lines), fill=CAUTION, edge=INK, radius=8)
    for number, line in enumerate(lines):
        sheet.text(MARGIN + 20, y + 36 + 32 * number, line, INK, 22, bold=True)
    return y + 24 + 32 * len(lines) + 20


def reading_line(sheet: Sheet, reading: SavedResult | None, y: float) -> float:
    """Say what the reader concludes, if anything."""
    if reading is None or not (reading.reader_verdict or reading.remark):
        return y
    verdict = (
        verdict_words(reading.reader_verdict) if reading.reader_verdict else gettext("not given")
    )
    moment = "" if reading.read_at is None else f" ({local(reading.read_at)})"
    remark = f". {' '.join(reading.remark.split())}" if reading.remark else ""
    said = gettext("The reader's verdict: {verdict}", verdict=verdict) + moment + remark
    y += 10
    for line in lines_of(said, INNER, 22, most=3):
        y += 32
        sheet.text(MARGIN, y, line, INK, 22)
    return y


def _evidence(sheet: Sheet, report: Report, look: Look, y: float) -> float:
    """Draw the picture, and beside it what is said of it; return where both end."""
    bottom = FOOT - 74 - 30 * min(3, len(_warning_lines(report)))
    bottom -= 96 + _FACT * len(_facts(report, look))
    width = INNER if report.refused else _PICTURE
    sheet.frame = stage(sheet, report, look, (MARGIN, y, width, bottom - y - 60))
    end = _key(sheet, report, look, sheet.frame[1] + sheet.frame[3] + FRAME)
    if report.refused:
        return end
    return max(end, _beside(sheet, report.answer, y - 4, bottom))


def stage(sheet: Sheet, report: Report, look: Look, room: Frame, *, brief: bool = False) -> Frame:
    """Draw the radiograph with what lies over it on a dark stage, and return where it lies."""
    x, y, width, height = room
    radiograph = report.radiograph
    size = (radiograph.width, radiograph.height)
    shown = fitted(width - 2 * FRAME, height - 2 * FRAME, size)
    pixels = (shown[0] * FINE, shown[1] * FINE)
    picture = picture_of(report, look, pixels, unit=_UNIT * FINE, brief=brief)
    left = round(x + (0 if report.refused else (width - 2 * FRAME - shown[0]) / 2))
    sheet.box(left, y, shown[0] + 2 * FRAME, shown[1] + 2 * FRAME, fill=STAGE, radius=6)
    return sheet.picture(left + FRAME, y + FRAME, *shown, picture)


def _key(sheet: Sheet, report: Report, look: Look, y: float) -> float:
    """Say below the picture what lies over it."""
    annotations = [each for each in annotations_of(report.answer) if each.where is not None]
    shown = map_shown(report, look)
    words = [gettext("Radiograph")]
    if any(each.is_joint for each in annotations):
        words.append(gettext("corners: a joint that was examined"))
    if not all(each.is_joint for each in annotations):
        words.append(gettext("outline: a finding, broken where in doubt"))
    for line in lines_of("; ".join(words), _PICTURE, 17, most=2):
        y += 26
        sheet.text(MARGIN, y, line, QUIET, 17)
    if shown is not None:
        y += 26
        low = f"{gettext(shown.name)}: {gettext('low')}"
        sheet.text(MARGIN, y, low, QUIET, 17)
        start = MARGIN + width_of(low, 17) + 8
        sheet.picture(start, y - 13, 120, 14, map_key(120 * FINE, 14 * FINE, look.opacity))
        sheet.text(start + 128, y, gettext("high"), QUIET, 17)
    return y


def _beside(sheet: Sheet, answer: Answer, y: float, bottom: float) -> float:
    """Draw the probability and list joints, findings, and what was not examined."""
    annotations = annotations_of(answer)
    y = _operating_points(sheet, answer, _BESIDE, y, _COLUMN) + 16
    if len(answer.joints) < 2:
        y = _body_parts(sheet, answer, y) + 16
    if answer.joints:
        y = _joints(sheet, [each for each in annotations if each.is_joint], y) + 16
    return _findings(sheet, [each for each in annotations if not each.is_joint], y, bottom)


def _joints(sheet: Sheet, joints: list[Annotation], y: float) -> float:
    """List the joints' answers, the gravest first."""
    sheet.text(_BESIDE, y + 22, gettext("Joints"), INK, 24, bold=True)
    y += 58
    several = len(joints)
    for annotation in joints[: _JOINTS if several <= _JOINTS else _JOINTS - 1]:
        if isinstance(annotation.said, JointAnswer):
            probability = annotation.said.answer.calibrated_probability
            part = begun(gettext(annotation.said.answer.body_part))
            part = f"{annotation.name} {part}: "
            said = verdict_words(annotation.verdict, probability)
            words = percent(probability)
            room = _COLUMN - width_of(words, 20) - 16
            size = min(20.0, 20.0 * room / width_of(part + said, 20, bold=True))
            sheet.text(_BESIDE, y, part, INK, size)
            start = _BESIDE + width_of(part, size)
            sheet.text(start, y, said, VERDICTS[annotation.verdict], size, bold=True)
            sheet.text(RIGHT, y, words, INK, 20, align="right")
            y += _ROW
    if several > _JOINTS:
        sheet.text(_BESIDE, y, gettext("and {n} more", n=several - _JOINTS + 1), QUIET, 20)
        y += _ROW
    for line in lines_of(not_examined(several), _COLUMN, 18, most=2):
        sheet.text(_BESIDE, y, line, QUIET, 18)
        y += 26
    return y - 10


def _findings(sheet: Sheet, findings: list[Annotation], y: float, bottom: float) -> float:
    """List the findings, as many as there is room for."""
    if not findings:
        return y
    sheet.text(_BESIDE, y + 22, gettext("Findings"), INK, 24, bold=True)
    y += 56
    for place, annotation in enumerate(findings):
        lines = lines_of(annotation.sentence, _COLUMN, 18, most=3)
        left = len(findings) - place
        if y + 26 * (len(lines) + (left > 1)) > bottom:
            sheet.text(_BESIDE, y, gettext("and {n} more", n=left), QUIET, 18)
            return y
        for line in lines:
            sheet.text(_BESIDE, y, line, INK, 18)
            y += 26
        y += 8
    return y - 34


def _body_parts(sheet: Sheet, answer: Answer, y: float) -> float:
    sheet.text(_BESIDE, y + 22, gettext("Body part"), INK, 24, bold=True)
    y += 44
    for name, probability in answer.body_part_probabilities.items():
        chosen = name == answer.body_part
        base = y + 18
        sheet.text(_BESIDE, base, begun(gettext(name)), INK if chosen else QUIET, 20, bold=chosen)
        track, start = _COLUMN - 240, _BESIDE + 136
        sheet.box(start, y + 2, track, 18, fill=TRACK, radius=9)
        if track * probability >= 4:
            colour = BLUE if chosen else PALE
            sheet.box(start, y + 2, track * probability, 18, fill=colour, radius=9)
        sheet.text(RIGHT, base, percent(probability), INK, 20, align="right")
        y += _ROW
    return y


def _operating_points(sheet: Sheet, answer: Answer, x: float, y: float, width: float) -> float:
    """Draw where the calibrated probability lies between the two operating points."""
    sheet.text(x, y + 22, gettext("Fracture"), INK, 24, bold=True)
    edges = (0.0, answer.band.low, answer.band.high, 1.0)
    top, height = y + 72, 22
    place = x + width * answer.calibrated_probability
    for (verdict, colour), start, end in zip(ZONES.items(), edges[:-1], edges[1:], strict=True):
        if end <= start:
            continue
        sheet.box(x + width * start, top, width * (end - start), height, fill=colour)
        zone = begun(verdict_words(verdict))
        middle, room = x + width * (start + end) / 2, width_of(zone, 16) + 16
        if width * (end - start) > room and abs(place - middle) > room / 2:
            sheet.text(middle, top + 17, zone, INK, 16, align="center")
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
    for line in lines_of(operating_points(answer.band), width, 18, most=4):
        sheet.text(x, base, line, QUIET, 18)
        base += 26
    return base - 10


def _details(sheet: Sheet, report: Report, look: Look, y: float) -> float:
    sheet.line(MARGIN, y + 24, RIGHT, y + 24, RULE, 2)
    y += 64
    for name, value in _facts(report, look):
        sheet.text(MARGIN, y, name, QUIET, 20)
        sheet.text(MARGIN + _NAMES, y, one_line(value, INNER - _NAMES, 20), INK, 20)
        y += _FACT
    return y - 10


def _facts(report: Report, look: Look) -> tuple[tuple[str, str], ...]:
    radiograph, turned = report.radiograph, look.turned_words
    size = gettext("{width} × {height} pixels", width=radiograph.width, height=radiograph.height)
    kind = radiograph.source_format
    if kind == "drawn":
        kind = gettext("drawn")
    on_page = gettext("{turned}; drawn here as in the file", turned=turned)
    return (
        *([(gettext("Shown with"), look.words)] if look.words else []),
        *([(gettext("On the page"), on_page)] if turned else []),
        (gettext("File"), radiograph.name),
        (gettext("Size"), f"{size}, {kind}"),
        (gettext("File sha256"), radiograph.sha256),
        (gettext("Model sha256"), report.model),
        (gettext("Made by"), f"Fracture Widgets {__version__}"),
    )


def _warning_lines(report: Report) -> list[str]:
    width = INNER - 40
    return [
        line for warning in report.warnings for line in lines_of(told(warning), width, 20, most=2)
    ]


def _warnings(sheet: Sheet, report: Report, y: float) -> float:
    lines = _warning_lines(report)
    room = int((FOOT - 60 - y - 24) // 30)
    if len(lines) > room:
        lines = [*lines[: room - 1], gettext("… and more: see the result itself.")]
    if lines:
        sheet.box(MARGIN, y, INNER, 22 + 30 * len(lines), fill=CAUTION, radius=8)
    for number, line in enumerate(lines):
        sheet.text(MARGIN + 20, y + 32 + 30 * number, line, INK, 20)
    return y


def footer(sheet: Sheet) -> None:
    """Draw what stands at the foot of every page."""
    sheet.line(MARGIN, FOOT - 46, RIGHT, FOOT - 46, RULE, 2)
    sheet.text(MARGIN, FOOT - 8, gettext(NOTICE), INK, 22, bold=True)

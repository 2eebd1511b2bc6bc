"""The report's page: one sheet with everything a person wants to keep of a result.

The report on a study begins with its verdict and some views a page; each view's own page follows.
What was not examined stands beside what was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fracture_widgets.base import __version__
from fracture_widgets.base.language import begun, gettext, local, percent, told
from fracture_widgets.figures.overlay import PLAIN, Look, map_key, map_shown, picture_of
from fracture_widgets.figures.palette import (
    BLUE,
    CAUTION,
    INK,
    PALE,
    QUIET,
    STAGE,
    TRACK,
    VERDICTS,
    ZONES,
)
from fracture_widgets.models.report import Answer, JointAnswer, Report
from fracture_widgets.models.study import StudyReport
from fracture_widgets.models.verdict_words import (
    Annotation,
    annotations_of,
    meaning,
    not_examined,
    operating_points,
    override_mark,
    study_reason,
    verdict_heading,
    verdict_words,
)
from fracture_widgets.records.sheet import (
    FINE,
    FOOT,
    GUTTER,
    INNER,
    MARGIN,
    RIGHT,
    Frame,
    Sheet,
    fitted,
    lines_of,
    one_line,
    width_of,
)

if TYPE_CHECKING:
    from fracture_widgets.records.saved_result import SavedResult

_PICTURE = 640  # the width of the stage
_COLUMN = INNER - _PICTURE - GUTTER
_BESIDE = RIGHT - _COLUMN
FRAME = 8
"""Dots of the stage around the picture."""
_UNIT = 1.2  # dots of the page to a pixel of a screen
_JOINTS = 6  # as many as the page has room for
_ROW = 36
_NAMES = 190  # room for the names of the facts, in dots
_VIEW = 380  # the width of the stage of a view of a study
_VIEWS = 3  # on a page

View = tuple[Report, Look, "SavedResult | None"]
"""A report, how its radiograph was looked at, and what a reader concludes of it."""


def report_page(
    report: Report, moment: datetime, look: Look = PLAIN, reading: SavedResult | None = None
) -> Sheet:
    """Draw the page of a report: how it was looked at, and what a reader concludes, are on it."""
    sheet = Sheet()
    part, verdict = verdict_heading(report.answer)
    drawn = report.radiograph.source_format == "drawn"
    sheet.heading(moment, part, verdict, report.verdict, drawn=drawn)
    colour = INK if report.refused else QUIET
    y = sheet.paragraph(MARGIN, 218, meaning(report.answer), colour, 24, INNER, most=4, step=34)
    y = _reading(sheet, reading, y)
    y = _mark_as_overridden(sheet, report.answer, y + 26)
    y = _details(sheet, report, look, _evidence(sheet, report, look, y))
    _warnings(sheet, report, y)
    sheet.footer()
    return sheet


def _mark_as_overridden(sheet: Sheet, answer: Answer, y: float) -> float:
    mark = override_mark(answer)
    if not mark:
        return y
    lines = lines_of(mark, INNER - 40, 22, most=3, bold=True)
    sheet.box(MARGIN, y, INNER, 24 + 32 * len(lines), fill=CAUTION, edge=INK, radius=8)
    for number, line in enumerate(lines):
        sheet.text(MARGIN + 20, y + 36 + 32 * number, line, INK, 22, bold=True)
    return y + 24 + 32 * len(lines) + 20


def _reading(sheet: Sheet, reading: SavedResult | None, y: float) -> float:
    """Say what the reader concludes, if anything."""
    if reading is None or not (reading.reader_verdict or reading.remark):
        return y
    verdict = (
        verdict_words(reading.reader_verdict) if reading.reader_verdict else gettext("not given")
    )
    moment = "" if reading.read_at is None else f" ({local(reading.read_at)})"
    remark = f". {' '.join(reading.remark.split())}" if reading.remark else ""
    said = gettext("The reader's verdict: {verdict}", verdict=verdict) + moment + remark
    return sheet.paragraph(MARGIN, y + 10, said, INK, 22, INNER, most=3, step=32)


def _evidence(sheet: Sheet, report: Report, look: Look, y: float) -> float:
    """Draw the picture, and beside it what is said of it; return where both end."""
    bottom = FOOT - 74 - 30 * min(4, len(_warning_lines(report)))
    bottom -= 96 + _ROW * len(_facts(report, look))
    width = INNER if report.refused else _PICTURE
    sheet.frame = _stage(sheet, report, look, (MARGIN, y, width, bottom - y - 60))
    end = _key(sheet, report, look, sheet.frame[1] + sheet.frame[3] + FRAME)
    if report.refused:
        return end
    return max(end, _beside(sheet, report.answer, y - 4, bottom))


def _stage(sheet: Sheet, report: Report, look: Look, room: Frame, *, brief: bool = False) -> Frame:
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
    y = sheet.paragraph(MARGIN, y, "; ".join(words), QUIET, 17, _PICTURE, most=2, step=26)
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
    y = _operating_points(sheet, answer, y) + 16
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
            part = f"{annotation.name} {begun(gettext(annotation.said.answer.body_part))}"
            said = verdict_words(annotation.verdict, probability)
            words = percent(probability)
            room = _COLUMN - width_of(words, 20) - 16
            verdict = annotation.verdict
            sheet.verdict(_BESIDE, y, part, said, verdict, 20, room, bold=False)
            sheet.text(RIGHT, y, words, INK, 20, align="right")
            y += _ROW
    if several > _JOINTS:
        sheet.text(_BESIDE, y, gettext("and {n} more", n=several - _JOINTS + 1), QUIET, 20)
        y += _ROW
    examined = not_examined(several)
    return sheet.paragraph(_BESIDE, y - 26, examined, QUIET, 18, _COLUMN, most=2, step=26) + 16


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
    track, start = _COLUMN - 240, _BESIDE + 136
    for name, probability in answer.body_part_probabilities.items():
        chosen = name == answer.body_part
        colour = INK if chosen else QUIET
        sheet.text(_BESIDE, y + 18, begun(gettext(name)), colour, 20, bold=chosen)
        sheet.box(start, y + 2, track, 18, fill=TRACK, radius=9)
        if track * probability >= 4:
            fill = BLUE if chosen else PALE
            sheet.box(start, y + 2, track * probability, 18, fill=fill, radius=9)
        sheet.text(RIGHT, y + 18, percent(probability), INK, 20, align="right")
        y += _ROW
    return y


def _operating_points(sheet: Sheet, answer: Answer, y: float) -> float:
    """Draw where the calibrated probability lies between the two operating points."""
    x, width = _BESIDE, _COLUMN
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
    middle = min(max(place, x + half), x + width - half)
    sheet.text(middle, top - 14, words, colour, 22, bold=True, align="center")
    said, base = operating_points(answer.band), top + height + 8
    return sheet.paragraph(x, base, said, QUIET, 18, width, most=4, step=26) + 16


def _details(sheet: Sheet, report: Report, look: Look, y: float) -> float:
    sheet.rule(y + 24)
    y += 64
    for name, value in _facts(report, look):
        sheet.text(MARGIN, y, name, QUIET, 20)
        sheet.text(MARGIN + _NAMES, y, one_line(value, INNER - _NAMES, 20), INK, 20)
        y += _ROW
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
        line for warning in report.warnings for line in lines_of(told(warning), width, 20, most=3)
    ]


def _warnings(sheet: Sheet, report: Report, y: float) -> None:
    lines = _warning_lines(report)
    room = int((FOOT - 60 - y - 24) // 30)
    if len(lines) > room:
        lines = [*lines[: room - 1], gettext("… and more: see the result itself.")]
    if lines:
        sheet.box(MARGIN, y, INNER, 22 + 30 * len(lines), fill=CAUTION, radius=8)
    for number, line in enumerate(lines):
        sheet.text(MARGIN + 20, y + 32 + 30 * number, line, INK, 20)


def study_pages(study: StudyReport, views: Sequence[View], moment: datetime) -> list[Sheet]:
    """Draw the report on a study: its verdict and some views a page, then each view's own page."""
    starts = range(0, len(views), _VIEWS)
    pages = [_study_page(study, views[start : start + _VIEWS], start, moment) for start in starts]
    return pages + [report_page(report, moment, look, reading) for report, look, reading in views]


def _study_page(study: StudyReport, views: Sequence[View], start: int, moment: datetime) -> Sheet:
    sheet = Sheet()
    answer, gravest = study.answer, study.views[study.answer.gravest]
    said = verdict_words(answer.verdict, gravest.calibrated_probability)
    drawn = all(view.radiograph.source_format == "drawn" for view in study.views)
    sheet.heading(moment, gettext("Study"), said, answer.verdict, drawn=drawn)
    reason = study_reason(study.views, len(study.views))
    y = sheet.paragraph(MARGIN, 220, reason, INK, 22, INNER, most=3, step=30)
    height = (FOOT - 74 - y) / _VIEWS
    for row, view in enumerate(views):
        top = y + 26 + row * height
        sheet.rule(top - 12)
        _stage(sheet, view[0], view[1], (MARGIN, top, _VIEW, height - 30), brief=True)
        _say(sheet, view, start + row + 1, top, top + height - 30)
    sheet.footer()
    return sheet


def _say(sheet: Sheet, view: View, number: int, y: float, bottom: float) -> None:
    """Say beside its picture what was found on a view, and what was not examined."""
    report, _, reading = view
    answer, left, width = report.answer, MARGIN + _VIEW + GUTTER, INNER - _VIEW - GUTTER
    name = gettext("View {n}: {name}", n=number, name=report.radiograph.name)
    sheet.text(left, y + 16, one_line(name, width, 18), QUIET, 18)
    sheet.verdict(left, y + 56, *verdict_heading(answer), answer.verdict, 28, width)
    y += 64
    annotations = annotations_of(answer)
    joints = len(answer.examined_joints)
    lines = [override_mark(answer), meaning(answer)]
    if reading is not None and reading.reader_verdict is not None:
        read = verdict_words(reading.reader_verdict)
        lines.append(gettext("The reader's verdict: {verdict}", verdict=read))
    lines += [each.label for each in annotations if each.is_joint]
    lines += [not_examined(joints)] if joints else []
    lines += [each.label for each in annotations if not each.is_joint]
    lines += map(told, report.warnings)
    for line in (part for words in lines if words for part in lines_of(words, width, 17, most=4)):
        y += 25
        if y + 25 > bottom:
            sheet.text(left, y, gettext("and more: see the view's own page"), QUIET, 17)
            return
        sheet.text(left, y, line, INK, 17)

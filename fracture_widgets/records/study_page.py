"""The report on a study: its verdict first, then its views, joints and findings, a page for each.

What was not examined stands beside what was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fracture_widgets.base.language import gettext, told
from fracture_widgets.base.words import begun
from fracture_widgets.figures.overlay import Look
from fracture_widgets.figures.palette import INK, QUIET, RULE, VERDICTS
from fracture_widgets.models.report import Report
from fracture_widgets.models.study import StudyReport
from fracture_widgets.models.verdict_words import (
    annotations_of,
    meaning,
    not_examined,
    override_mark,
    study_reason,
    verdict_heading,
    verdict_words,
)
from fracture_widgets.records.page import (
    FOOT,
    INNER,
    MARGIN,
    RIGHT,
    as_document,
    footer,
    heading,
    report_page,
    stage,
)
from fracture_widgets.records.saved_result import SavedResult
from fracture_widgets.records.sheet import Sheet, lines_of, one_line, width_of

_ROWS = 3  # views on a page
_PICTURE = 380
_GUTTER = 32
_WORDS = INNER - _PICTURE - _GUTTER


def study_pdf(
    study: StudyReport,
    *,
    looks: Sequence[Look],
    readings: Sequence[SavedResult | None],
    made_at: datetime | None = None,
) -> bytes:
    """Draw the report on a study as one PDF document: its verdict, then each of its views.

    ``looks`` are how the views were looked at, ``readings`` what a reader concludes of them.
    """
    moment = (made_at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    views = list(zip(study.views, looks, readings, strict=True))
    pages = [
        _summary(study, views[start : start + _ROWS], start, moment)
        for start in range(0, len(views), _ROWS)
    ]
    pages += [report_page(report, moment, look, reading) for report, look, reading in views]
    return as_document(pages, moment)


_View = tuple[Report, Look, SavedResult | None]


def _summary(study: StudyReport, views: Sequence[_View], start: int, moment: datetime) -> Sheet:
    """Draw the study's verdict and a row for each of some of its views."""
    sheet = Sheet()
    answer, gravest = study.answer, study.views[study.answer.gravest]
    said = verdict_words(answer.verdict, gravest.calibrated_probability)
    drawn = all(view.radiograph.source_format == "drawn" for view in study.views)
    heading(sheet, moment, f"{gettext('Study')}: ", (said, answer.verdict), drawn=drawn)
    y = 220.0
    for line in lines_of(study_reason(study.views, len(study.views)), INNER, 22, most=3):
        y += 30
        sheet.text(MARGIN, y, line, INK, 22)
    height = (FOOT - 74 - y) / _ROWS
    for row, (report, look, reading) in enumerate(views):
        top = y + 26 + row * height
        sheet.line(MARGIN, top - 12, RIGHT, top - 12, RULE, 2)
        stage(sheet, report, look, (MARGIN, top, _PICTURE, height - 30), brief=True)
        _say(sheet, (report, look, reading), start + row + 1, top, top + height - 30)
    footer(sheet)
    return sheet


def _say(sheet: Sheet, view: _View, number: int, y: float, bottom: float) -> None:
    """Say beside its picture what was found on a view, and what was not examined."""
    report, _, reading = view
    answer, left = report.answer, MARGIN + _PICTURE + _GUTTER
    y += 16
    name = gettext("View {n}: {name}", n=number, name=report.radiograph.name)
    sheet.text(left, y, one_line(name, _WORDS, 18), QUIET, 18)
    part, verdict = verdict_heading(answer)
    lead = f"{part}: " if part else ""
    verdict = verdict if part else begun(verdict)
    size = min(28.0, 28.0 * _WORDS / width_of(lead + verdict, 28, bold=True))
    y += 40
    sheet.text(left, y, lead, INK, size, bold=True)
    start = left + width_of(lead, size, bold=True)
    sheet.text(start, y, verdict, VERDICTS[answer.verdict], size, bold=True)
    y += 8
    annotations = annotations_of(answer)
    joints = len(answer.examined_joints)
    lines = [override_mark(answer), meaning(answer)]
    if reading is not None and reading.reader_verdict is not None:
        lines.append(
            gettext(
                "The reader's verdict: {verdict}", verdict=verdict_words(reading.reader_verdict)
            )
        )
    lines += [each.label for each in annotations if each.is_joint]
    lines += [not_examined(joints)] if joints else []
    lines += [each.label for each in annotations if not each.is_joint]
    lines += map(told, report.warnings)
    for line in (part for words in lines if words for part in lines_of(words, _WORDS, 17, most=3)):
        y += 25
        if y + 25 > bottom:
            sheet.text(left, y, gettext("and more: see the view's own page"), QUIET, 17)
            return
        sheet.text(left, y, line, INK, 17)

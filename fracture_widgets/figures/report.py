"""A report as a notebook shows it: the picture that pages and files have, and what is said."""

from __future__ import annotations

import base64
import io
from html import escape

from fracture_widgets.base.words import NOTICE
from fracture_widgets.figures.overlay import PLAIN, picture_of
from fracture_widgets.figures.palette import INK, QUIET, VERDICTS
from fracture_widgets.models.annotations import annotations_of
from fracture_widgets.models.report import Report
from fracture_widgets.models.verdict_words import meaning, override_mark, verdict_heading

_SIDE = 420


def report_html(report: Report) -> str:
    """Return a report as a piece of a page; names of files are other people's words."""
    radiograph, answer = report.radiograph, report.answer
    scale = _SIDE / max(radiograph.width, radiograph.height)
    size = (max(1, round(radiograph.width * scale)), max(1, round(radiograph.height * scale)))
    file = io.BytesIO()
    picture_of(report, PLAIN, size, unit=1.0, brief=True).save(file, "PNG")
    part, verdict = verdict_heading(answer)
    heading = f"{part}: {verdict}" if part else verdict.capitalize()
    lines = [override_mark(answer), meaning(answer)]
    lines += [annotation.sentence for annotation in annotations_of(answer)]
    lines += [f"Warning: {warning}" for warning in report.warnings]
    said = "".join(f"<p style='margin:4px 0'>{escape(line)}</p>" for line in lines if line)
    return (
        f"<div style='display:flex;flex-wrap:wrap;gap:20px;background:#fff;color:{INK};"
        "padding:12px;font:14px/1.45 sans-serif'>"
        f"<img alt='{escape(radiograph.name)}' width='{size[0]}' height='{size[1]}' "
        "style='max-width:100%;height:auto;object-fit:contain' "
        f"src='data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}'>"
        f"<div style='flex:1 1 260px'><b style='font-size:20px;color:{VERDICTS[answer.verdict]}'>"
        f"{escape(heading)}</b><p style='margin:4px 0;color:{QUIET}'>{escape(radiograph.name)}</p>"
        f"{said}<p style='margin:12px 0 0;color:{QUIET}'>{NOTICE}</p></div></div>"
    )

"""What pages are written with: headings, cards, notes, tables and numbers, as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.base.language import gettext, number, told

if TYPE_CHECKING:
    from fracture_widgets.evaluation.metrics import Estimate


def headed(title: str, text: str = "") -> str:
    """Return a title, and a paragraph below it."""
    return f"<h2>{escape(title)}</h2>{f'<p>{escape(text)}</p>' if text else ''}"


def heading(title: str = "", text: str = "") -> Any:
    """Return a widget that shows a title, and a paragraph below it."""
    return named(widgets.HTML(headed(title, text) if title else ""), "fw-heading")


def empty_card(title: str, text: str) -> str:
    """Return a card that says what will stand on it."""
    return f'<section class="fw-card fw-card-empty">{headed(title, text)}</section>'


def evaluation_card(label: str, body: str) -> str:
    """Return a card of numbers; its body is HTML."""
    return f'<section class="fw-card fw-evaluation" aria-label="{escape(label)}">{body}</section>'


def notes(label: str, sentences: Iterable[str]) -> str:
    """Return sentences as a list; nothing where there are none."""
    lines = "".join(f"<li>{escape(told(sentence))}</li>" for sentence in sentences)
    return f'<ul class="fw-warnings" aria-label="{escape(label)}">{lines}</ul>' if lines else ""


def show_problems(widget: widgets.HTML, problems: Sequence[str]) -> None:
    """Show sentences about what went wrong; without any, the widget is out of the page."""
    lines = "".join(f"<li>{escape(told(problem))}</li>" for problem in problems)
    widget.value = f'<div role="alert"><ul>{lines}</ul></div>' if lines else ""
    set_shown(widget, bool(lines))


def table(
    heads: Iterable[str], rows: Iterable[str], *, kind: str = "fw-metrics", caption: str = ""
) -> str:
    """Return a table of rows that are HTML."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<table class="{kind}">{above}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def table_row(name: str, cells: Iterable[str], kind: str = "") -> str:
    """Return a row of a table whose cells are HTML."""
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    of = f' class="{kind}"' if kind else ""
    return f'<tr{of}><th scope="row">{escape(name)}</th>{body}</tr>'


def digits(value: float | None, places: int = 3) -> str:
    """Say a number; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return number(value, places).replace("-", "−")


def interval(estimate: Estimate) -> str:
    """Say the interval of an estimate in brackets; nothing where it has none."""
    if not (math.isfinite(estimate.value) and math.isfinite(estimate.low)):
        return ""
    return gettext("({low} to {high})", low=digits(estimate.low, 2), high=digits(estimate.high, 2))

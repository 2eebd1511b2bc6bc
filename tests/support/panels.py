"""What every panel of a page keeps to, whatever a page sends, names, or leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tab import AppShell
from fracture_widgets.app.widgets.live import LiveWidget, descendants
from fracture_widgets.app.widgets.table import Table

HOSTILE = "<img src=x onerror=alert(1)>"
_WRONG = (None, "", "../x", HOSTILE, -1, 10**9, 0.5, [], {}, [[]])
_FIELDS = (
    *("key", "id", "upload", "batch", "number", "name", "value", "verdict", "remark", "box"),
    *("truth", "answer", "by", "body_part", "minimum", "reader", "model", "order", "step"),
    *("expected", "frame", "window", "request", "query", "at"),
)
_KINDS = (
    *("select", "open", "remove", "sort", "filter", "undo", "page", "reading", "delete"),
    *("delete_all", "choose", "picture", "region", "place", "set", "say", "unmark", "reveal"),
    *("next", "leave", "read", "continue", "piece", "where", "end", "over", "nonsense", "_list"),
)


@dataclass(frozen=True)
class Panel:
    """A page with one of its tabs open.

    ``fill`` brings something of a name into it, and ``work`` starts what takes long.
    """

    page: AppShell
    tab: str
    fill: Callable[[str], object]
    work: Callable[[], object]


def live_widgets(page: widgets.Box) -> Iterator[LiveWidget]:
    """Yield every widget of a page that takes messages."""
    return (widget for widget in descendants(page) if isinstance(widget, LiveWidget))


def it_opens_empty(panel: Panel) -> None:
    """Nothing is wrong with a page to which nothing was brought yet."""
    panel.page.view(panel.tab)
    assert html_of(panel.page, "fw-problems") == ""


def no_wrong_message_changes_it(panel: Panel) -> None:
    """Send what no page would send, for every kind of message and from every widget."""
    panel.fill("hand.png")
    before = _shown(panel.page)
    for widget in list(live_widgets(panel.page)):
        for kind in _KINDS:
            for wrong in _WRONG:
                widget.receive(dict.fromkeys(_FIELDS, wrong) | {"type": kind, "names": [wrong]})
    assert _shown(panel.page) == before


def names_are_text(panel: Panel) -> None:
    """Bring something that is called like an element of a page."""
    panel.fill(f"{HOSTILE}.png")
    assert HOSTILE in json.dumps(_shown(panel.page), default=str).replace("&lt;", "<").replace(
        "&gt;", ">"
    ), "the name is nowhere"
    assert "<img" not in html_of(panel.page)


def a_tab_that_is_shown_again_keeps_its_rows(panel: Panel) -> None:
    """What did not change is not sent, so that it keeps the focus and what is being typed."""
    panel.fill("hand.png")
    sent: list[Any] = []
    for widget in live_widgets(panel.page):
        if isinstance(widget, Table):
            widget.send = lambda content, buffers=(): sent.append(content)
    tabs = [key for _, key in panel.page.tabs.options]
    for key in (next(key for key in tabs if key != panel.tab), panel.tab):
        panel.page.tabs.value = key
    assert [content for content in sent if content["type"] == "show" or content["rows"]] == []


def a_closed_page_raises_nothing(panel: Panel, go: Callable[[], object]) -> None:
    """Close a page while work is going on, and let that end."""
    panel.fill("hand.png")
    panel.work()
    for widget in [*descendants(panel.page), panel.page]:
        widget.close()
    go()


def html_of(page: widgets.Box, name: str = "") -> str:
    """Return what a page shows as HTML, or what those of a class do."""
    shown = (widget for widget in descendants(page) if isinstance(widget, widgets.HTML))
    return "".join(
        widget.value
        for widget in shown
        if name in ("", *widget._dom_classes) and "fw-style" not in widget._dom_classes
    )


def _shown(page: widgets.Box) -> list[Any]:
    return [html_of(page), *(json.dumps(widget.content) for widget in live_widgets(page))]

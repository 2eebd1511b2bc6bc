"""What a tab of the page is, and which tabs there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import ipywidgets as widgets

from fracture_widgets.app.widgets.background import sentence
from fracture_widgets.base.language import gettext
from fracture_widgets.base.plugins import discover

GROUP = "fracture_widgets.tabs"
"""Entry points of this group are tabs of other people's packages."""


class Tab(Protocol):
    """A tab: a file or a folder in ``app/tabs`` that names its class ``TAB``.

    Subclass it and write ``view``; the rest has usual values. A tab is made once for each page.

    ``key`` is its name in the code and in the classes of the style sheets, ``title`` stands on it,
    the lowest ``order`` comes first, ``css`` is its own style sheet as text. ``beside`` tells
    whether it stands beside the radiograph and its answer, where other tabs fill the page.

    Examples
    --------
    >>> import ipywidgets
    >>> from fracture_widgets.app.tab import Tab
    >>> class NotesTab(Tab):
    ...     key, title, order = "notes", "Notes", 80
    ...     def view(self, app):
    ...         return ipywidgets.Textarea(description="Notes")
    >>> TAB = NotesTab
    """

    key: str
    title: str
    order: int = 100
    css: str = ""
    beside: bool = False

    def view(self, app: Any) -> widgets.DOMWidget:
        """Return what the tab shows on a page; called once, when it is shown for the first time."""

    def shown(self) -> None:
        """Take note that the tab is shown, again or for the first time."""
        return


def find_tabs() -> tuple[Sequence[Tab], tuple[str, ...]]:
    """Return the tabs of the folder and of entry points, and a sentence for each that fails."""
    registry = discover("fracture_widgets.app.tabs", GROUP)
    tabs: dict[str, Tab] = {}
    problems = list(registry.problems)
    for make in registry.collect("TAB"):
        try:
            tab = make()
            tabs.setdefault(tab.key, tab)
        except Exception as error:  # noqa: BLE001 - other people's code fails as it likes
            name = getattr(make, "__name__", make)
            problems.append(
                gettext("The tab {tab} was left out. {error}", tab=name, error=sentence(error))
            )
    return tuple(tabs.values()), tuple(problems)

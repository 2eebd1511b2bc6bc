"""What a tab is, which tabs there are, and the page around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from html import escape
from typing import Any, Protocol

import ipywidgets as widgets

from fracture_widgets.app.widgets.background import sentence
from fracture_widgets.app.widgets.controls import TabTitles
from fracture_widgets.app.widgets.live import (
    LiveWidget,
    descendants,
    named,
    resend,
    set_shown,
    style,
)
from fracture_widgets.app.widgets.markup import show_problems
from fracture_widgets.base.language import NOTICE, gettext
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


class AppShell(widgets.VBox):
    """A page of tabs.

    A tab's view is made when the tab is shown for the first time. One that fails is named on the
    page, and the others go on. ``beside`` stands beside the tabs that ask for it, ``extras`` in the
    line of the tabs. The ``value`` of the switch ``tabs`` is the ``key`` of the tab shown.
    """

    def __init__(
        self,
        tabs: Sequence[Tab],
        *,
        title: str = "Fracture Widgets",
        beside: Sequence[widgets.DOMWidget] = (),
        extras: Sequence[widgets.DOMWidget] = (),
        problems: Sequence[str] = (),
        executor: Executor | None = None,
    ) -> None:
        self.executor = executor
        self._tabs = {tab.key: tab for tab in sorted(tabs, key=lambda tab: (tab.order, tab.title))}
        self._views: dict[str, widgets.DOMWidget] = {}
        self._failed: set[str] = set()
        self.tabs = TabTitles([(gettext(tab.title), key) for key, tab in self._tabs.items()])
        self.desk = named(widgets.Box(tuple(beside)), "fw-examine", "fw-panel")
        self._problems = named(widgets.HTML(), "fw-problems")
        look = style("tokens", "components", "workbench", "print")
        look += "".join(tab.css for tab in self._tabs.values())
        self._head = [
            named(widgets.HTML(f"<style>{look}</style>"), "fw-style"),
            widgets.HTML(
                f'<header class="fw-header"><h1>{escape(title)}</h1>'
                f"<p>{escape(gettext(NOTICE))}</p></header>"
            ),
            self._problems,
            named(widgets.HBox([named(self.tabs, "fw-tabs"), *extras]), "fw-tab-line"),
        ]
        super().__init__(self._head)
        self.add_class("fw-workbench")
        set_shown(self._head[-1], len(self._tabs) > 1 or bool(extras))
        self._sentences = list(problems)
        show_problems(self._problems, self._sentences)
        if beside:
            self.children = (*self._head, self.desk)
            self._listen(self.desk)
        self.tabs.observe(self._show_tab, "value")
        self._show_tab()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def view(self, key: str) -> Any:
        """Return the view of a tab, made now if it was not shown yet."""
        if key not in self._views:
            self._views[key] = self._made(self._tabs[key])
        return self._views[key]

    def _made(self, tab: Tab) -> widgets.DOMWidget:
        view = self._guarded(tab, lambda: tab.view(self)) or widgets.HTML()
        if tab.beside:
            beside = sum(self._tabs[key].beside for key in self._views)
            here = self.desk.children
            self.desk.children = (*here[:beside], view, *here[beside:])
        else:
            self.children = (*self.children, named(view, "fw-panel"))
            if isinstance(view, widgets.Box):
                self._listen(view)
        set_shown(view, False)
        return view

    def _show_tab(self, _: object = None) -> None:
        key = self.tabs.value
        tab = self._tabs.get(key)
        if tab is None:
            return
        self.view(key)
        for known, view in self._views.items():
            set_shown(view, known == key)
        for known in self._tabs:
            (self.desk.add_class if known == key else self.desk.remove_class)(f"fw-as-{known}")
        set_shown(self.desk, tab.beside)
        self._guarded(tab, tab.shown)

    def _guarded(self, tab: Tab, call: Callable[[], Any]) -> Any:
        """Call a tab; one that failed is named once, and not called again."""
        if tab.key in self._failed:
            return None
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the other tabs must go on
            self._failed.add(tab.key)
            self._sentences.append(
                gettext(
                    "The tab {title} cannot be shown. {error}",
                    title=gettext(tab.title),
                    error=sentence(error),
                )
            )
            show_problems(self._problems, self._sentences)
            return None

    def _listen(self, box: widgets.Box) -> None:
        """Have a page that is ready late sent what changed before: one live widget asks for all."""
        first = next((child for child in descendants(box) if isinstance(child, LiveWidget)), None)
        if first is not None:
            first.on_msg(lambda _, content, __: self._resend(box, content))

    def _resend(self, box: widgets.Box, content: Any) -> None:
        if content.get("type") != "ready":
            return
        tab = self._tabs.get(self.tabs.value)
        if tab is not None:
            self._guarded(tab, tab.shown)
        self.send_state("_dom_classes")
        for part in (part for root in (*self._head, box) for part in (root, *descendants(root))):
            if isinstance(part, widgets.Box):
                part.send_state("_dom_classes")
            if not isinstance(part, LiveWidget):  # those see to it themselves
                resend(part)

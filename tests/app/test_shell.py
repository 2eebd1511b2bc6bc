"""A page of tabs: found by their folder, made when they are shown, and none stops the others."""

from __future__ import annotations

import importlib
import sys

import ipywidgets as widgets
import pytest

import fracture_widgets.app.tabs as folder
from fracture_widgets.app.tab import AppShell, Tab, find_tabs
from fracture_widgets.app.widgets.controls import StatusLine
from fracture_widgets.errors import FractureWidgetsError

NOTES = """
import ipywidgets as widgets
from fracture_widgets.app.tab import Tab

class NotesTab(Tab):
    key, title, order = "notes", "Notes", 15
    css = ".fw-notes-of-mine { color: red; }"
    times = 0

    def view(self, app):
        return widgets.Textarea(value=f"{len(app.state.entries)} radiographs")

    def shown(self):
        self.times += 1

TAB = NotesTab
"""


@pytest.fixture
def more_tabs(tmp_path, monkeypatch):
    """Lay files into the folder of tabs."""
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])

    def lay(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()

    yield lay
    for name in [name for name in sys.modules if name.startswith("fracture_widgets.app.tabs.")]:
        if getattr(sys.modules[name], "__file__", "").startswith(str(tmp_path)):
            del sys.modules[name]


class Plain(Tab):
    def __init__(self, key, order=100, view=None):
        self.key, self.title, self.order = key, key.capitalize(), order
        self.views = self.times = 0
        self._view = view or widgets.VBox

    def view(self, app):
        self.views += 1
        return self._view()

    def shown(self):
        self.times += 1


def shown(widget):
    return widget.layout.display != "none"


def test_the_tabs_of_the_workbench_in_their_order(workbench):
    assert [title for title, _ in workbench.tabs.options] == [
        "Examine",
        "Worklist",
        "History",
        "Training",
    ]


def test_one_file_is_a_tab(more_tabs, workbench_with):
    more_tabs(notes=NOTES)
    workbench = workbench_with()
    assert [key for _, key in workbench.tabs.options][:3] == ["examine", "notes", "worklist"]
    assert ".fw-notes-of-mine" in workbench.children[0].value
    workbench.tabs.value = "notes"
    assert workbench.view("notes").value == "0 radiographs"
    assert shown(workbench.view("notes"))
    assert not shown(workbench.desk)


def test_a_tab_that_does_not_import_is_named_and_the_others_go_on(more_tabs, workbench_with):
    more_tabs(broken="import a_module_that_is_not_there", notes=NOTES)
    tabs, problems = find_tabs()
    assert "notes" in {tab.key for tab in tabs}
    (problem,) = problems
    assert "broken" in problem
    assert "a_module_that_is_not_there" in problem
    workbench = workbench_with()
    assert "a_module_that_is_not_there" in workbench.children[2].value
    assert 'role="alert"' in workbench.children[2].value


def test_a_view_is_made_once_and_when_it_is_shown():
    first, second = Plain("first", 1), Plain("second", 2)
    page = AppShell([second, first])
    assert (first.views, second.views) == (1, 0)
    for key in ("second", "first", "second"):
        page.tabs.value = key
    assert (first.views, second.views) == (1, 1)
    assert (first.times, second.times) == (2, 2)
    assert shown(page.view("second"))
    assert not shown(page.view("first"))


def test_a_view_that_fails_is_a_sentence_and_the_others_go_on():
    def fail():
        raise FractureWidgetsError("The notes <cannot> be read.")

    bad, good = Plain("bad", 1, fail), Plain("good", 2)
    page = AppShell([bad, good])
    page.tabs.value = "good"
    page.tabs.value = "bad"
    value = page.children[2].value
    assert "The tab Bad cannot be shown. The notes &lt;cannot&gt; be read." in value
    assert value.count("<li>") == 1
    assert bad.times == 0
    assert good.times == 1


def test_a_single_tab_has_nothing_to_switch():
    page = AppShell([Plain("only")], title="A <page>")
    assert not shown(page.children[3])
    assert "A &lt;page&gt;" in page.children[1].value


def test_a_page_that_is_ready_late_is_sent_the_words_and_the_tab_is_told(monkeypatch):
    status = StatusLine()
    button = widgets.Button(description="Press")
    tab = Plain("only", view=lambda: widgets.VBox([button, status]))
    AppShell([tab])
    sent = []
    monkeypatch.setattr(
        widgets.Widget, "send_state", lambda widget, key=None: sent.append(widget.model_id)
    )
    status._handle_custom_msg({"type": "ready"}, [])
    assert button.model_id in sent
    assert tab.times == 2

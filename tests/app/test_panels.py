"""Every tab and every page of its own keeps the contract of panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import panels
import pytest
from panels import Panel
from PIL import Image
from reading_cases import KnownSource

from fracture_widgets.app.tabs.errors import ErrorBrowser
from fracture_widgets.app.tabs.reading_room import ReadingRoom
from fracture_widgets.app.workbench import Workbench

TABS = ("examine", "worklist", "history", "training")
PANELS = (*TABS, "errors", "reading_room")


@pytest.fixture
def make(answers, record, samples, patient, radiograph, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def workbench(tab):
        page = Workbench(
            answer_at_once=False, cascade=answers, history=record, samples=samples, executor=patient
        )
        page.tabs.value = tab

        def fill(name):
            page.state.add(radiograph(name))
            page.predict.click()
            patient.go()
            page.result.save.choice = "csv"  # a table is made faster than a page
            page.result.save.receive({"type": "wanted"})

        def work():
            page.state.add(radiograph("another.png"))
            page.predict.click()

        return Panel(page, tab, fill, work)

    def errors(tab):
        folder = tmp_path / "files"
        folder.mkdir()
        name = f"{panels.HOSTILE}.png"
        Image.fromarray(np.eye(30, dtype=np.uint8) * 200).save(folder / "a.png")
        (folder / name).write_bytes((folder / "a.png").read_bytes())
        table = pd.DataFrame(
            {
                "image_path": [str(folder / "a.png"), str(folder / name)],
                "label": ["fractured", "fractured"],
                "fracture_probability": [0.3, 0.2],
            }
        )
        page = ErrorBrowser(table, cascade=answers, executor=patient)

        def choose():
            first, *_ = page.pictures.content["rows"]
            page.pictures.receive({"type": "choose", "key": first["key"]})

        return Panel(page, tab, lambda _: patient.go(), choose)

    def reading_room(tab):
        page = ReadingRoom(
            home=tmp_path / "readings", sources=[KnownSource()], cascade=answers, executor=patient
        )

        def fill(name):
            for field, value in {"count": 1, "code": name[:20], "reader": name}.items():
                page.start.form.change(field, value)
            page.start.start.click()
            patient.go()

        return Panel(page, tab, fill, page.start.start.click)

    pages = {"errors": errors, "reading_room": reading_room}
    return lambda name: pages.get(name, workbench)(name)


@pytest.mark.parametrize("name", PANELS)
def test_it_opens_empty(make, name):
    panels.it_opens_empty(make(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", PANELS)
def test_no_wrong_message_changes_it(make, name):
    panels.no_wrong_message_changes_it(make(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", PANELS)
def test_names_are_text(make, name):
    panels.names_are_text(make(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", TABS)
def test_a_tab_that_is_shown_again_keeps_its_rows(make, name):
    panels.a_tab_that_is_shown_again_keeps_its_rows(make(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", PANELS)
def test_a_closed_page_raises_nothing(make, patient, name):
    panels.a_closed_page_raises_nothing(make(name), patient.go)

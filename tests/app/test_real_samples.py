"""With a data set at hand, some of its radiographs can be tried."""

from __future__ import annotations

import numpy as np
import pytest

from fracture_widgets.datasets.layout import DATASETS_VARIABLE


@pytest.fixture
def joints(tmp_path, radiograph, monkeypatch):
    """Hands of ten patients, every second one fractured, offered on the page."""
    root = tmp_path / "joints"
    for number in range(10):
        label = "fractured" if number % 2 else "normal"
        file = root / "Hand" / label / f"p{number}" / "view.png"
        file.parent.mkdir(parents=True)
        file.write_bytes(radiograph(f"{number}").to_png())
    monkeypatch.setenv(DATASETS_VARIABLE, str(root))
    return root


def shown(page):
    return page.view("examine").real.pictures.content["rows"]


def choose(page, number):
    page.view("examine").real.pictures.receive({"type": "choose", "key": number})


def test_some_of_each_kind_are_offered_and_tell_neither_file_nor_folder(joints, workbench_with):
    page = workbench_with(samples=None)
    notes = [row["note"] for row in shown(page)]
    assert len(notes) == 6
    assert notes.count("joints, fractured") == notes.count("joints, normal") == 3
    assert page.view("examine").real.layout.display is None
    assert all("/" not in str(value) for row in shown(page) for value in row.values()
               if isinstance(value, str))  # fmt: skip


def test_one_that_is_chosen_is_in_the_list_and_the_offer_folds_away(joints, workbench_with):
    page = workbench_with(samples=None)
    choose(page, 2)
    (entry,) = page.state.entries
    assert entry.radiograph.name == "view.png"
    assert np.ptp(entry.radiograph.pixels) > 0.5
    assert page.view("examine").real.layout.display == "none"


def test_one_that_is_gone_since_is_a_sentence(joints, workbench_with):
    page = workbench_with(samples=None)
    for file in joints.rglob("view.png"):
        file.unlink()
    choose(page, 0)
    assert page.state.entries == ()
    assert len(page.state.problems) == 1
    assert "view.png" in page.state.problems[0]
    choose(page, 99)
    assert len(page.state.problems) == 1


@pytest.mark.parametrize("what", ["nothing", "an empty folder", "a folder that is none"])
def test_without_a_data_set_nothing_is_offered(what, workbench_with, monkeypatch, tmp_path):
    folder = tmp_path / "folder"
    if what == "an empty folder":
        (folder / "Hand").mkdir(parents=True)
    monkeypatch.setenv(DATASETS_VARIABLE, "" if what == "nothing" else str(folder))
    page = workbench_with(samples=None)
    assert page.view("examine").real.layout.display == "none"
    assert page.state.problems == ()

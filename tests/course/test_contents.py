"""The list of contents is what the notebooks say of themselves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fracture_widgets.course.lessons import Contents, Page, notebooks_folder, read_pages
from fracture_widgets.errors import FractureWidgetsError

LESSON = Page("02_x.ipynb", "Grey & white", "lesson", "See <more>.", 25)


def write(folder, name, metadata):
    (folder / name).write_text(json.dumps({"cells": [], "metadata": metadata}), "utf-8")


def test_index_first_then_tools_then_lessons(tmp_path):
    write(tmp_path, "02_b.ipynb", {"title": "B", "course": {"kind": "lesson", "minutes": 30}})
    write(tmp_path, "zoo.ipynb", {"title": "Z", "course": {"kind": "index"}})
    write(tmp_path, "01_a.ipynb", {"title": "A", "course": {"kind": "lesson"}})
    write(tmp_path, "panel.ipynb", {})
    pages = read_pages(tmp_path)
    assert [page.file for page in pages] == [
        "zoo.ipynb", "panel.ipynb", "01_a.ipynb", "02_b.ipynb",
    ]  # fmt: skip
    assert [page.number for page in pages] == ["", "", "1", "2"]
    assert pages[-1].minutes == 30


def test_a_damaged_notebook_is_named(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{", "utf-8")
    with pytest.raises(FractureWidgetsError, match=r"broken\.ipynb cannot be read"):
        read_pages(tmp_path)


def test_cards_lead_to_their_pages_and_escape_what_they_say():
    contents = Contents([LESSON, Page("index.ipynb", "Here", "index", "Goal.")])
    assert repr(contents) == "2 · Grey & white · 25 minutes"
    html = contents._repr_html_()
    assert "href='02_x.ipynb'" in html
    assert "See &lt;more&gt;." in html
    assert "index.ipynb" not in html


def test_a_card_says_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("fracture_widgets.course.lessons.find_spec", lambda name: None)
    page = Page("03_y.ipynb", "Training", "lesson", "Train.", 30, needs="train")
    command = "pip install &#x27;fracture-widgets[train]&#x27;"
    assert f"30 minutes · to run it yourself: {command}" in Contents([page])._repr_html_()
    panel = replace(page, kind="tool")
    assert f"needs: {command}" in Contents([panel])._repr_html_()
    assert "pip" not in Contents([LESSON])._repr_html_()


def test_every_lesson_of_ours_has_a_goal_and_takes_a_lesson():
    lessons = [page for page in read_pages() if page.kind == "lesson"]
    assert [page.file for page in lessons] == sorted(
        file.name for file in notebooks_folder().glob("[0-9]*.ipynb")
    )
    assert all(page.goal.endswith(".") and 20 <= page.minutes <= 40 for page in lessons)
    assert len({page.number for page in lessons}) == len(lessons)

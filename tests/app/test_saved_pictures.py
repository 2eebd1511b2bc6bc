"""A saved result shows its picture and is opened again, for as long as its pixels are at hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from full_disk import no_file_longer_than
from PIL import Image

from fracture_widgets.app import visit
from fracture_widgets.app.state import Reading
from fracture_widgets.parts import Verdict


@pytest.fixture
def open_history(open_page):
    """Open a page of the visitor on its History tab."""

    def make(**options):
        page = open_page(**options)
        page.tabs.value = "history"
        return page

    return make


def save(page, *radiographs):
    for radiograph in radiographs:
        page.examine(radiograph)
        page.result._save()


def leave(page):
    """Take everything out of the list."""
    for entry in page.state.entries:
        page.state.remove(entry.key)


def rows(page):
    return {row["id"]: row for row in page.history.table.content["rows"]}


def small(page, number):
    """The small picture that the page is sent for a row; None where it has none."""
    name, sent = rows(page)[number]["thumbnail"], []
    page.history.table.send = lambda content, buffers=(): sent.append((content, buffers))
    page.history.table.receive({"type": "thumbnails", "names": [name]})
    del page.history.table.send
    jpeg = sent[-1][1][0] if name else b""
    return Image.open(io.BytesIO(jpeg)) if jpeg else None


def tell(page, kind, number):
    page.history.table.receive({"type": kind, "id": number})


def said(page):
    return page.history.note.text


def test_a_saved_radiograph_is_opened_on_a_later_page_with_its_answer_and_reading(
    place, open_history, radiograph, record, answers
):
    first = open_history()
    save(first, radiograph("fractured.png"))
    record.set_reading(1, Verdict.DOUBT, "a remark")
    leave(first)

    later = open_history()
    assert later.state.entries == ()
    assert small(later, 1).size == (30, 40)
    asked = list(answers.asked)
    tell(later, "open", 1)
    selected = later.state.selected
    assert later.tabs.value == "examine"
    assert selected.radiograph.name == "fractured.png"
    assert np.allclose(selected.radiograph.pixels, radiograph("fractured.png").pixels, atol=1e-4)
    assert selected.report.answer.calibrated_probability == pytest.approx(0.873)
    assert selected.reading == Reading(Verdict.DOUBT, "a remark")
    assert answers.asked == asked


def test_one_that_is_in_the_list_is_chosen_there(workbench, radiograph):
    """Also in a notebook, where nothing is kept."""
    save(workbench, radiograph("one.png"), radiograph("two.png"))
    workbench.tabs.value = "history"
    assert small(workbench, 1).size == (30, 40)
    tell(workbench, "open", 1)
    assert workbench.tabs.value == "examine"
    assert workbench.state.selected.radiograph.name == "one.png"


def test_of_one_that_is_gone_a_sentence_says_so(workbench, radiograph, tmp_path):
    save(workbench, radiograph("gone.png"))
    leave(workbench)
    workbench.tabs.value = "history"
    assert small(workbench, 1) is None
    tell(workbench, "open", 1)
    assert said(workbench) == (
        "The picture of no. 1 is not kept here: add gone.png again to see it."
    )
    assert workbench.tabs.value == "history"
    assert {path.name for path in tmp_path.iterdir()} <= {
        "history.sqlite3", "history.sqlite3-wal", "history.sqlite3-shm"
    }  # fmt: skip


def test_a_result_of_another_model_opens_the_picture_without_that_ones_answer(
    place, open_history, radiograph, answers
):
    page = open_history()
    save(page, radiograph("one.png"))
    answers.model = "c" * 64
    page.state.model_id = "c" * 64
    page.worker.examine_selected()
    page.result._save()
    leave(page)
    tell(page, "open", 1)
    assert page.state.selected.report is None
    leave(page)
    tell(page, "open", 2)
    assert page.state.selected.report.model == "c" * 64


def test_so_much_is_kept_and_the_first_go(place, open_history, radiograph, monkeypatch):
    monkeypatch.setattr(visit, "MOST_BYTES", 30_000)
    page = open_history()
    for number in range(5):
        save(page, radiograph(f"{number}.png", width=50, height=40))
    leave(page)
    assert sum(path.stat().st_size for path in (place / "saved").iterdir()) < 35_000
    page.history.refresh()
    kept = [number for number, row in rows(page).items() if row["thumbnail"]]
    assert kept
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == 5
    assert 1 not in kept


def test_with_a_row_its_picture_goes_and_comes_back_where_it_is_in_the_list(
    place, open_history, radiograph
):
    page = open_history()
    save(page, radiograph("one.png"))
    tell(page, "delete", 1)
    assert list((place / "saved").iterdir()) == []
    tell(page, "undo", None)
    assert small(page, 1).size == (30, 40)
    leave(page)
    tell(page, "open", 1)
    assert said(page) == "The picture of no. 1 is not kept here: add one.png again to see it."


def test_on_a_full_disk_the_result_is_saved_and_the_picture_is_not(
    place, open_history, radiograph, record
):
    page = open_history()
    page.examine(radiograph("one.png", width=400, height=300))
    with no_file_longer_than(100_000):
        page.result._save()
    assert record.count() == 1
    leave(page)
    tell(page, "open", 1)
    assert said(page).startswith("The picture of no. 1 is not kept here")


def test_one_that_is_damaged_is_a_sentence(place, open_history, radiograph):
    page = open_history()
    save(page, radiograph("one.png"))
    leave(page)
    for path in (place / "saved").glob("*.picture.npz"):
        path.write_bytes(b"nothing")
    page.history.refresh()
    assert small(page, 1) is None
    tell(page, "open", 1)
    assert said(page).startswith("The picture of no. 1 is not kept here")


def test_where_the_list_is_full_a_sentence_says_so(place, open_history, radiograph):
    from fracture_widgets.app.limits import UploadLimits

    page = open_history(limits=UploadLimits(held_mb=1))
    save(page, radiograph("one.png", width=400, height=400))
    leave(page)
    page.state.add(radiograph("two.png", width=500, height=400))
    tell(page, "open", 1)
    assert said(page) == "The list is full: remove a radiograph, then open no. 1 again."
    assert [entry.radiograph.name for entry in page.state.entries] == ["two.png"]


def test_what_no_page_of_ours_sends_opens_nothing(place, open_history, radiograph):
    page = open_history()
    save(page, radiograph("one.png"))
    for number in (None, "1", 7, [1], {}):
        tell(page, "open", number)
    assert page.tabs.value == "history"

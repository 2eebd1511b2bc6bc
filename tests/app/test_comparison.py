"""Two radiographs side by side: which one stands there, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace

from fracture_widgets.app.widgets.viewer import Viewer

LOOK = {"window": {"width": 0.5, "level": 0.5}, "inverted": True, "turn": 0, "flipped": False,
        "rulers": [], "region": None}  # fmt: skip


def compare(page):
    page.viewer.receive({"type": "compare"})
    return page.comparison.other


def name(viewer):
    return viewer.content["caption"].partition(" · ")[0]


def test_one_radiograph_has_nothing_to_stand_beside_it(workbench, radiograph):
    assert compare(workbench) is None
    workbench.state.add(radiograph())
    assert compare(workbench) is None
    assert workbench.viewer.compared is False


def test_a_view_of_the_same_study_comes_first_and_another_is_chosen_by_name(workbench, radiograph):
    views = {"a.png": "one", "b.png": "two", "c.png": "one"}
    for each, study in views.items():
        workbench.state.add(replace(radiograph(each), study=study))
    workbench.state.selected_key = 1
    other = compare(workbench)
    assert workbench.viewer.compared
    assert name(other) == "c.png"
    labels = [label for label, _ in workbench.comparison.choice.options]
    assert labels == ["b.png", "c.png (same study)"]
    workbench.comparison.choice.value = 2
    assert name(other) == "b.png"
    workbench.state.selected_key = 2  # what stands there cannot stand beside it, too
    assert name(other) == "c.png"
    assert compare(workbench) is None
    assert workbench.viewer.compared is False


def test_beside_goes_what_is_removed_and_with_the_last_one_the_place(workbench, radiograph):
    workbench.state.extend([radiograph(f"{each}.png") for each in "abc"])
    other = compare(workbench)
    assert name(other) == "b.png"
    workbench.state.remove(2)
    assert name(other) == "c.png"
    workbench.state.remove(3)
    assert workbench.comparison.other is None


def test_its_answer_is_hidden_from_who_reads_first(workbench, radiograph):
    workbench.state.extend([radiograph("a.png"), radiograph("fractured.png")])
    workbench.predict_all.click()
    other = compare(workbench)
    assert other.content["layers"]
    workbench.state.read_first = True
    assert other.content["layers"] == []


def test_how_it_is_looked_at_there_it_is_looked_at_here(workbench, radiograph):
    workbench.state.extend([radiograph("a.png"), radiograph("b.png")])
    other = compare(workbench)
    other.receive({"type": "look", "key": other.content["key"], "look": LOOK})
    workbench.state.selected_key = 2
    assert name(workbench.viewer) == "b.png"
    assert workbench.viewer.content["look"] == LOOK


def test_both_are_zoomed_together_until_that_is_taken_off(workbench, radiograph):
    workbench.state.extend([radiograph("a.png"), radiograph("b.png")])
    pair = workbench.comparison
    assert "fw-joined" not in pair._dom_classes
    compare(workbench)
    assert "fw-joined" in pair._dom_classes
    pair.joined.value = False
    assert "fw-joined" not in pair._dom_classes


def test_a_viewer_by_itself_offers_no_comparison():
    assert Viewer().compared is None

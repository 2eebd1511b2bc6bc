"""From Start to the saved network, with the real recipe on a trunk of one layer."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from fracture_widgets.app.tabs.training.trainer import Activity
from fracture_widgets.training.runs import list_runs, open_run

pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.usefixtures("tiny"), pytest.mark.keras]


def shown(widget):
    return widget.layout.display != "none"


def rows(panel):
    return panel.runs.table.content["rows"]


@pytest.fixture
def paused(panel):
    """A training that somebody paused when its first epoch had ended."""

    def pause(change):
        if change["new"] is not None and change["new"].epoch == 1:
            panel.pause.click()

    panel.state.observe(pause, "ended")
    panel.start.click()
    panel.state.unobserve(pause, "ended")
    return panel


@pytest.mark.slow
def test_from_start_to_the_saved_network(panel, home):
    told, early, charts = [], [], []
    panel.status.observe(lambda change: told.append(change["new"]), "text")
    panel.early.observe(lambda change: early.append(change["new"]), "text")
    panel.state.observe(lambda _: charts.append(panel.curves.content["charts"]), "ended")
    panel.start.click()

    assert any(re.match(r"Epoch \d of at most 3, batch \d of \d; loss \d\.\d", t) for t in told)
    assert "Epoch 1 is the best so far." in early
    assert [len(chart[0]["training"]) for chart in charts[:3]] == [1, 2, 3]
    assert panel.status.text.startswith("Trained for 3 epochs; the weights of epoch ")
    assert panel.status.tone == "good"
    assert [chart["epochs"] for chart in panel.curves.content["charts"]] == [3, 3]
    assert panel.curves.content["charts"][0]["alt"].startswith("Loss after epoch 3: ")
    assert [shown(b) for b in (panel.start, panel.pause, panel.resume, panel.finish)] == [
        True, False, False, False,
    ]  # fmt: skip

    scores = panel.state.run.evaluation
    card = panel.report.card.value
    assert f"{scores.n} radiographs of {scores.groups} patients" in card
    assert f"<td>{scores.baseline:.3f}</td>" in card
    assert "always “normal”" in card
    assert f"<td>{scores.estimates['accuracy'].value:.3f}</td>" in card
    figures = panel.report.figures.content["figures"]
    assert figures[0]["alt"].startswith("Confusion matrix. fractured called fractured: ")
    assert figures[1]["alt"].startswith("ROC curve")

    sent = []
    panel.report.save.send = lambda content, buffers=None: sent.append((content, buffers))
    panel.report.save.receive({"type": "wanted"})
    (run,) = list_runs(home / "runs")
    saved = home / "networks" / run.name
    assert {file.name for file in saved.iterdir()} == {"card.json", *panel.state.run.card["files"]}
    assert f"Saved as {run.name}" in panel.report.saved.text
    assert sent[0][0]["name"] == f"{run.name}-card.json"
    assert json.loads(sent[0][1][0]) == panel.state.run.card


@pytest.mark.slow
def test_a_paused_training_goes_on_from_its_last_epoch_also_in_another_page(
    paused, folder, home, make
):
    assert paused.status.text.startswith("Paused after epoch 1 of at most 3.")
    assert [shown(b) for b in (paused.start, paused.pause, paused.resume, paused.finish)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert paused.start.description == "Start another"

    page = make(folder.parent)
    (row,) = rows(page)
    assert (row["cells"][3], row["cells"][5]) == ("1 of 3", "can be continued")
    assert [kind for kind, _ in row["actions"]] == ["open", "continue", "delete"]
    page.runs.table.receive({"type": "continue", "id": row["id"]})
    assert page.status.text.startswith("Trained for 3 epochs")
    assert rows(page)[0]["cells"][5] == "finished"
    assert rows(page)[0]["shown"]

    page.runs.table.receive({"type": "delete", "id": row["id"]})
    assert page.runs.note.text == "The training is deleted."
    assert rows(page) == []
    assert not (home / "runs" / row["id"]).exists()
    assert page.curves.content["charts"] == []
    assert "will stand here" in page.report.card.value


@pytest.mark.slow
def test_stop_judges_the_best_epoch_so_far(paused):
    paused.finish.click()
    assert paused.status.text.startswith("Trained for 1 epoch; the weights of epoch 1 are kept")
    assert paused.state.run.finished
    assert paused.report.figures.content["figures"]


@pytest.mark.slow
def test_what_goes_wrong_is_one_sentence_and_the_finished_epochs_are_kept(paused, folder, home):
    (run,) = list_runs(home / "runs")
    (removed,) = (folder / "Hand" / "normal" / "patient2").iterdir()
    kept = shutil.move(removed, home / "view.png")
    try:
        paused.resume.click()
    finally:
        shutil.move(kept, removed)
    assert paused.status.tone == "problem"
    assert paused.status.text.startswith(f"The run in {run.name} was begun with other radiographs")
    assert len(open_run(run).history) == 1
    paused.resume.click()
    assert paused.status.text.startswith("Trained for 3 epochs")


def test_a_run_of_radiographs_that_are_not_offered_is_one_sentence(paused, home, make):
    page = make(home / "nowhere")
    page.runs.table.receive({"type": "continue", "id": rows(page)[0]["id"]})
    assert "are not among those offered here" in page.status.text
    assert page.state.activity is Activity.NOTHING


def test_a_damaged_run_can_only_be_deleted_and_a_page_names_no_path(paused, home):
    (run,) = list_runs(home / "runs")
    (row,) = rows(paused)
    (run / "run" / "run.json").write_text("{")
    paused.runs.table.receive({"type": "open", "id": row["id"]})
    assert "is damaged" in paused.runs.note.text
    paused.runs.refresh()
    (row,) = rows(paused)
    assert row["cells"][5] == "damaged"
    assert [kind for kind, _ in row["actions"]] == ["delete"]
    for name in ("..", "../runs", str(home), ""):
        paused.runs.table.receive({"type": "delete", "id": name})
    assert run.exists()
    paused.runs.table.receive({"type": "delete", "id": row["id"]})
    assert not run.exists()

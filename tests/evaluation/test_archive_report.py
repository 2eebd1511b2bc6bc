import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.evaluation.archive_report import archive_page, write_archive_report
from fracture_widgets.evaluation.evaluate import evaluate_predictions
from fracture_widgets.evaluation.learned import Learned
from fracture_widgets.evaluation.shift_table import evaluate_shifts
from fracture_widgets.phantoms import write_phantoms

pytestmark = pytest.mark.usefixtures("answered_once")


class Doubter:
    """Calls everything an elbow, a little more fractured from one to the next."""

    def __init__(self):
        self.count = 0

    def examine(self, radiograph):
        self.count += 1
        return SimpleNamespace(
            model="ab" * 32,
            body_part="elbow",
            body_part_probability=0.9,
            body_part_probabilities={"elbow": 0.9, "hand": 0.1},
            label="normal",
            fracture_probability=self.count / 100,
        )

    def prepare(self, radiograph):
        return radiograph.name

    def answer(self, prepared):
        said = {"body_part": "elbow", "fracture_probability": 0.5, "verdict": "doubt"}
        return [SimpleNamespace(**said, is_of_unlike=True) for _ in prepared]


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_phantoms(folder, patients=2, seed=1)
    first = next(folder.rglob("image1.png"))
    first.rename(first.with_name("<b>&'quoted'.png"))
    reader = Doubter()
    found = evaluate_predictions(load_dataset(folder), reader, resamples=20, show=None)
    shifts = evaluate_shifts(found.predictions, reader, kinds=["jpeg"], strengths=[1], resamples=9)
    return replace(found, shifts=shifts)


def test_the_numbers_stand_with_n_intervals_and_the_baseline(evaluation):
    page = archive_page(evaluation, title="Our archive")
    scores = evaluation.fracture
    assert f"{scores.n} radiographs of {scores.groups} patients" in page
    assert f"<td>{scores.estimates['accuracy']}</td><td>{scores.baseline:.3f}</td>" in page
    assert "always normal" in page
    assert str(evaluation.body_part.estimates["accuracy"]) in page
    assert "<td>jpeg</td><td>1</td>" in page
    assert "100.0%" in page  # doubt
    unlike, doubt = evaluation.shifts.worth["unlike"], "<td>unlike</td>"
    assert unlike["doubt"].n == 2 * scores.n
    assert f"{unlike['doubt']} of {unlike['doubt'].n}" in page.split(doubt)[1]


def test_what_comes_from_files_is_escaped(evaluation):
    page = archive_page(evaluation, title="<script>alert(1)</script>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&#x27;quoted&#x27;.png" in page


def test_the_worst_are_shown_and_no_patient_is_named(evaluation):
    page = archive_page(evaluation, title="x")
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    broken = [text for text in captions if "fractured; answered" in text]
    given = [float(re.search(r"([\d.]+) %", text)[1]) for text in broken]
    worst = evaluation.predictions.query("label == 'fractured'").fracture_probability.min()
    assert given[0] == pytest.approx(100 * worst)
    assert page.count("data:image/png;base64,") == len(captions) > 6
    assert "patient0" not in page
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []


def test_page_and_numbers_are_written_whole(evaluation, tmp_path):
    page = write_archive_report(tmp_path / "report", evaluation, title="x")
    assert sorted(file.name for file in page.parent.iterdir()) == ["report.html", "report.json"]
    numbers = json.loads((page.parent / "report.json").read_text("utf-8"))
    assert numbers["fracture"]["n"] == evaluation.fracture.n
    assert numbers["shifts"][1]["kind"] == "jpeg"
    bare = archive_page(replace(evaluation, shifts=None), title="x")
    assert "Verdicts" not in bare


def test_files_that_could_not_be_read_are_listed(evaluation):
    page = archive_page(replace(evaluation, unreadable=(("a", "a<b is empty."),)), title="x")
    assert "<li>a&lt;b is empty.</li>" in page


def test_the_page_says_how_many_were_learned_from(evaluation):
    assert "card does not say which radiographs" in archive_page(evaluation, title="x")
    of = len(evaluation.predictions)
    all_of_it = archive_page(replace(evaluation, learned=Learned(of, of)), title="x")
    assert f"All {of} radiographs were learned from" in all_of_it
    assert "<h2>Fracture, learned from</h2>" in all_of_it
    part = replace(evaluation, learned=Learned(3, of), on_all=evaluation)
    page = archive_page(part, title="x")
    assert f"<p>3 of {of} radiographs were learned from. The figures are on the" in page
    assert page.index("<h2>Fracture</h2>") < page.index("<h2>Fracture, some learned from</h2>")

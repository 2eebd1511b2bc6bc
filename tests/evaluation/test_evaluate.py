from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.evaluate import evaluate_predictions
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.learned_from import LearnedFrom, fingerprint_of
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import write_phantoms

pytestmark = pytest.mark.usefixtures("answered_once")


class Reader:
    """Knows the radiographs by their content, and errs where it is told to."""

    def __init__(self, table, mistakes=()):
        import hashlib
        from pathlib import Path

        self.answers = {}
        for number, row in enumerate(table.itertuples()):
            part, broken = row.body_part, row.label == "fractured"
            if number in mistakes:
                part, broken = BODY_PARTS[BODY_PARTS.index(part) - 1], not broken
            sha256 = hashlib.sha256(Path(row.image_path).read_bytes()).hexdigest()
            self.answers[sha256] = (part, broken)

    def examine(self, radiograph):
        part, broken = self.answers[radiograph.sha256]
        rest = {other: 0.1 for other in BODY_PARTS if other != part}
        nothing = np.zeros((7, 7), np.float32)
        said = 0.9 if broken else 0.2
        return Report(
            radiograph=radiograph,
            answer=Answer({part: 0.8} | rest, said, said),
            heatmap=nothing,
            fracture_map=nothing,
            model="ab" * 32,
            timings={},
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("drawn")
    write_phantoms(path, patients=4, seed=1)
    return path


@pytest.fixture(scope="module")
def table(folder):
    return load_dataset(folder)


@pytest.fixture
def quick(table):
    def evaluate(dataset, mistakes=(), **settings):
        defaults = {"resamples": 50, "show": None}
        return evaluate_predictions(dataset, Reader(table, mistakes), **(defaults | settings))

    return evaluate


def test_a_perfect_reader_is_always_right(quick, table):
    result = quick(table)
    assert result.body_part.estimates["accuracy"].value == 1
    assert result.fracture.estimates["auroc"].value == 1
    assert result.fracture.n == len(table)
    assert result.fracture.groups == table.patient_id.nunique()
    assert list(result.by_part) == list(BODY_PARTS)
    assert result.unreadable == ()
    assert result.model == "ab" * 32


def test_mistakes_are_counted_where_they_were_made(quick, table):
    elbows = np.flatnonzero(table.body_part == "elbow")
    result = quick(table, mistakes=elbows[:2].tolist())
    # An elbow taken for the part before it in the list: a shoulder.
    assert result.body_part.confusion[0].tolist() == [len(elbows) - 2, 0, 2]
    assert result.body_part.estimates["accuracy"].value == pytest.approx(1 - 2 / len(table))
    assert result.by_part["elbow"].estimates["accuracy"].value == pytest.approx(1 - 2 / len(elbows))
    assert result.by_part["hand"].estimates["accuracy"].value == 1
    assert result.fracture.confusion.sum() == len(table)
    wrong = result.predictions.predicted_label != result.predictions.label
    assert wrong.sum() == 2
    assert (result.predictions.loc[~wrong, "body_part_probability"] == 0.8).all()


def test_always_normal_stands_beside(quick, table):
    result = quick(table)
    share = (table.label == "normal").mean()
    assert result.fracture.baseline == pytest.approx(share)
    assert f"always normal  {share:.3f}" in str(result.fracture)
    assert result.to_dict()["fracture"]["always_normal_accuracy"] == pytest.approx(share, abs=1e-4)


@pytest.mark.slow
def test_a_folder_a_table_and_a_split_are_taken(quick, table, folder):
    assert quick(folder).fracture.n == len(table)
    test = quick(folder, split="test")
    assert test.fracture.n == (table.split == "test").sum()
    part = quick(table[table.body_part == "hand"])
    assert list(part.by_part) == ["hand"]


@pytest.mark.slow
def test_it_prints_unless_told_not_to(quick, table, capsys):
    result = quick(table, show=print)
    assert capsys.readouterr().out == f"{result}\n"
    quick(table)
    assert capsys.readouterr().out == ""


def test_unreadable_files_are_listed_and_count_nowhere(quick, table, tmp_path):
    broken = tmp_path / "image9.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    first = table.iloc[[0]].assign(image_path=str(broken))
    result = quick(pd.concat([table, first, table]))
    assert result.fracture.n == 2 * len(table)
    assert [name for name, _ in result.unreadable] == ["image9.png"]
    assert "1 file could not be read" in str(result)
    with pytest.raises(DatasetError, match=r"^None of the 1 radiographs could be read; .*image9"):
        quick(first)


def test_progress_counts_every_file(quick, table):
    seen = []
    quick(table, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, len(table)) for n in range(1, len(table) + 1)]


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (lambda t: t.drop(columns="label"), {}, "no column label: use the one load_dataset"),
        (lambda t: t.iloc[:0], {}, "holds no radiographs"),
        (lambda t: t, {"split": "validation"}, "no split 'validation'; it has test, train_valid"),
        (lambda t: t.drop(columns="split"), {"split": "test"}, "no split 'test', nor any other"),
        (lambda t: t, {"by": "hospital"}, "no column hospital"),
    ],
)
def test_a_table_that_will_not_do_is_one_sentence(quick, table, change, settings, message):
    with pytest.raises(DatasetError, match=message):
        quick(change(table), **settings)


def test_one_label_alone_has_an_accuracy_and_no_auroc(quick, table):
    result = quick(table[table.label == "normal"])
    assert result.fracture.estimates["accuracy"].value == 1
    assert str(result.fracture.estimates["auroc"]) == "not defined"
    assert result.to_dict()["fracture"]["auroc"]["value"] is None


def test_a_result_is_short_in_a_notebook_s_margin(quick, table):
    assert len(repr(quick(table))) < 250
    assert "accuracy=1.000" in repr(replace(quick(table)))


def learned_reader(table, rows, mistakes=()):
    """Return a reader whose model learned from some of the rows."""
    reader = Reader(table, mistakes)
    paths = [table.image_path.iloc[row] for row in rows]
    reader.learned_from = LearnedFrom.together(
        [fingerprint_of(read_radiograph(path)) for path in paths]
    )
    return reader


def evaluated(table, reader):
    return evaluate_predictions(table, reader, resamples=50, show=None)


def test_a_model_that_does_not_say_what_it_learned_from_is_named(quick, table):
    result = quick(table)
    assert result.learned is None
    assert result.on_all is None
    assert "card does not say which radiographs it learned from" in str(result)
    assert result.to_dict()["learned_from"] is None
    assert "learned_from" not in result.predictions


def test_nothing_of_it_was_learned_from(table):
    hands = np.flatnonzero(table.body_part == "hand")
    others = table[table.body_part != "hand"]
    result = evaluated(others, learned_reader(table, hands))
    assert f"None of the {len(others)} radiographs were learned from." in str(result)
    assert result.on_all is None
    assert (result.fracture.n, result.fracture.question) == (len(others), "fracture, all parts")
    said = result.to_dict()["learned_from"]
    assert said == {"n": 0, "of": len(others), "alike": 0, "figures_on": "all", "silent": []}
    assert len(result.counted) == len(others)


def test_part_of_it_was_learned_from_and_the_others_count(table):
    hands = np.flatnonzero(table.body_part == "hand")
    shoulder = int(np.flatnonzero(table.body_part == "shoulder")[0])
    # It errs on one that it never saw, and on none of those that it learned from.
    result = evaluated(table, learned_reader(table, hands, mistakes=[shoulder]))
    rest = len(table) - len(hands)
    words = str(result)
    assert words.startswith(
        f"{len(hands)} of {len(table)} radiographs were learned from. The figures are on the "
        f"{rest} others."
    )
    assert result.fracture.n == len(result.counted) == rest
    assert result.fracture.estimates["accuracy"].value == pytest.approx(1 - 1 / rest)
    assert "hand" not in result.by_part
    assert len(result.predictions) == len(table)
    assert (result.predictions.learned_from == "same").sum() == len(hands)
    # On all of them it looks better; the figures are there, and marked.
    assert result.on_all.fracture.estimates["accuracy"].value == pytest.approx(1 - 1 / len(table))
    assert result.on_all.fracture.question == "fracture, all parts, some learned from"
    table_on_all = words.partition("By part, some learned from")[2]
    assert table_on_all.splitlines()[1].split()[:3] == ["all", "parts", str(len(table))]
    numbers = result.to_dict()
    assert numbers["learned_from"]["figures_on"] == "others"
    assert numbers["fracture"]["n"] == rest
    assert numbers["on_all"]["fracture"]["n"] == len(table)


def test_a_model_that_does_not_say_beside_one_that_does_is_named(table):
    reader = learned_reader(table, [0])
    reader.learned_from = LearnedFrom(reader.learned_from.fingerprints, ["elbow", "hand"])
    result = evaluated(table, reader)
    said = "Others may have been, too: of elbow and hand the cards do not say."
    assert said in str(result)
    assert result.to_dict()["learned_from"]["silent"] == ["elbow", "hand"]


def test_others_of_the_same_patients_are_counted(table):
    patient = table.patient_id.iloc[0]
    rows = np.flatnonzero(table.patient_id == patient)
    assert len(rows) > 1
    result = evaluated(table, learned_reader(table, rows[:1]))
    assert result.learned.beside == len(rows) - 1
    assert "of whom other radiographs were." in str(result)


def test_all_of_it_was_learned_from_and_the_figures_say_so(table):
    result = evaluated(table, learned_reader(table, range(len(table))))
    words = str(result)
    assert words.startswith(f"All {len(table)} radiographs were learned from: these figures say")
    assert "Fracture, all parts, learned from: " in words
    assert "Body part, learned from: " in words
    assert "By part, learned from" in words
    assert result.fracture.n == len(table)
    assert result.on_all is None
    assert result.to_dict()["learned_from"]["figures_on"] == "all"

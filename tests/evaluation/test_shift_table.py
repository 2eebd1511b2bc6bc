import json
from types import SimpleNamespace

import numpy as np
import pytest

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.metrics import auroc, draws
from fracture_widgets.evaluation.shift_table import (
    ALL,
    NOT_TRAINED_ON,
    UNCHANGED,
    _drawn_aurocs,
    evaluate_shifts,
)
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.phantoms import write_phantoms

pytestmark = pytest.mark.slow


class Reader:
    """Is right where a picture is as it was, and calls every changed one the same."""

    def __init__(self, table):
        self.table = table
        self.inputs = [network_input(read_radiograph(path).pixels) for path in table.image_path]
        self.batches = []

    def prepare(self, radiograph):
        return network_input(radiograph.pixels)

    def answer(self, prepared):
        self.batches.append(len(prepared))
        answers = []
        for given in prepared:
            known = [n for n, each in enumerate(self.inputs) if np.array_equal(each, given)]
            if not known:
                said = {"body_part": "elbow", "fracture_probability": 0.5, "verdict": "refused"}
            else:
                row = self.table.iloc[known[0]]
                broken = row.label == "fractured"
                said = {"body_part": row.body_part, "fracture_probability": float(broken)}
                said["verdict"] = "fracture" if broken else "none seen"
            answers.append(SimpleNamespace(**said, is_of_unlike=not known))
        return answers


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_phantoms(folder, patients=3, seed=1)
    return load_dataset(folder)


@pytest.fixture(scope="module")
def results(table):
    kinds = ["gamma", "inverted", "stretched"]
    return evaluate_shifts(table, Reader(table), kinds=kinds, strengths=[1, 4], resamples=60)


def test_every_kind_and_strength_has_a_row(results):
    named = [(row.kind, row.strength) for row in results.rows]
    assert named == [
        (UNCHANGED, 0),
        *[(kind, s) for kind in ("gamma", "inverted", "stretched") for s in (1, 4)],
        (ALL, 0),
        (NOT_TRAINED_ON, 0),
    ]


def test_what_is_lost_is_measured_against_the_unchanged_ones(results, table):
    unchanged, gamma = results.rows[0], results.rows[1]
    assert unchanged.body_part.value == unchanged.auroc.value == 1
    assert unchanged.lost.value == 0
    assert unchanged.verdicts["refused"] == 0
    assert gamma.auroc.value == gamma.lost.value == 0.5
    assert gamma.body_part.value == pytest.approx((table.body_part == "elbow").mean())
    assert gamma.verdicts == {"fracture": 0, "doubt": 0, "none seen": 0, "refused": 1}
    assert (gamma.lost.low, gamma.lost.high) == pytest.approx((0.5, 0.5))
    assert gamma.auroc.n == len(table)
    assert gamma.auroc.groups == table.patient_id.nunique()


def test_the_means_are_of_kinds_and_strengths(results):
    changed = results.rows[1:-2]
    assert results.rows[-2].body_part.value == pytest.approx(
        np.mean([row.body_part.value for row in changed])
    )
    assert results.rows[-1].auroc.value == pytest.approx(0.5)


def test_it_is_printed_and_written(results):
    text = str(results)
    assert text.splitlines()[0].split() == [
        *("shift", "strength", "part", "AUROC", "AUROC", "lost", "refused"),
        *("fracture", "doubt", "none", "seen"),
    ]
    assert "mean of those never trained on" in text
    rows = json.loads(json.dumps(results.to_dict()))
    assert rows[1]["kind"] == "gamma"
    assert rows[1]["trained_on"] is True
    assert rows[0]["trained_on"] is None
    assert rows[1]["auroc_lost"]["value"] == 0.5


def test_progress_counts_answers_and_batches_are_small(table):
    steps = []
    reader = Reader(table)
    evaluate_shifts(
        table.iloc[:2],
        reader,
        resamples=0,
        monitor=Monitor(on_step=lambda done, total, _: steps.append((done, total))),
    )
    assert steps[-1][0] == steps[-1][1] == 2 * (1 + 34 * 5)
    assert max(reader.batches) <= 16


def test_the_lot_does_not_depend_on_the_company(table):
    def answers(rows):
        seen = []
        reader = SimpleNamespace(
            prepare=lambda radiograph: network_input(radiograph.pixels),
            answer=lambda inputs: [
                SimpleNamespace(
                    body_part="hand",
                    fracture_probability=seen.append(x.copy()) or 0.5,
                    verdict="doubt",
                    is_of_unlike=False,
                )
                for x in inputs
            ],
        )
        evaluate_shifts(rows, reader, kinds=["turned"], strengths=[3], resamples=0)
        return seen

    alone, together = answers(table.iloc[[2]]), answers(table.iloc[:3])
    np.testing.assert_array_equal(alone[1], together[5])


def test_verdicts_are_counted_apart_where_a_radiograph_looks_unlike(table):
    def answers(prepared):
        # What was changed is unlike, and in doubt if it is a hand, otherwise a fracture.
        return [
            SimpleNamespace(
                body_part=part,
                fracture_probability=0.5,
                verdict=("doubt" if part == "hand" else "fracture") if changed else verdict,
                is_of_unlike=changed,
            )
            for (part, verdict), changed in prepared
        ]

    asked = iter(
        ((row.body_part, "none seen" if row.body_part == "elbow" else "refused"), changed)
        for row in table.itertuples()
        for changed in (False, True)
    )
    reader = SimpleNamespace(prepare=lambda radiograph: next(asked), answer=answers)
    results = evaluate_shifts(table, reader, kinds=["gamma"], strengths=[2], resamples=20)
    like, unlike = results.worth["like"], results.worth["unlike"]
    broken = table.label == "fractured"
    elbows, hands = (table.body_part == part for part in ("elbow", "hand"))
    assert (like["missed"].value, like["missed"].n) == (1, (broken & elbows).sum())
    assert (like["false"].value, like["doubt"].value) == (0, 0)
    assert unlike["missed"].value == 0
    assert unlike["false"].value == pytest.approx((~hands[~broken]).mean())
    assert (unlike["doubt"].value, unlike["doubt"].n) == (pytest.approx(hands.mean()), len(table))
    assert f"{unlike['doubt']} of {len(table)}" in str(results)


def test_drawn_aurocs_are_those_of_the_drawn_radiographs():
    rng = np.random.default_rng(0)
    fractured, score = rng.random(30) < 0.4, np.round(rng.random(30), 1)
    weights = np.array(list(draws(np.arange(30) // 3, 20)))
    expected = [auroc(np.repeat(fractured, times), np.repeat(score, times)) for times in weights]
    assert _drawn_aurocs(fractured, score, weights.astype(float)) == pytest.approx(expected)


def test_no_radiograph_is_one_sentence(table):
    with pytest.raises(DatasetError, match="holds no radiographs"):
        evaluate_shifts(table.iloc[:0], Reader(table))

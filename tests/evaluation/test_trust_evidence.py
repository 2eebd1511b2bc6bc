"""Calibration, operating points and peers, from answers out of fold to the card and back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fracture_widgets.errors import DatasetError, ModelError
from fracture_widgets.evaluation.calibration import expected_calibration_error
from fracture_widgets.evaluation.trust_evidence import (
    calibrated_out_of_fold,
    conformal_limits,
    doubt_band,
    read_predictions,
    save_predictions,
    trust_section,
    trust_table,
)
from fracture_widgets.models.report import DoubtBand
from fracture_widgets.models.trust import PartTrust, trust_of_card
from fracture_widgets.parts import BODY_PARTS, FRACTURED, NORMAL, Verdict


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Answers of a network that is too sure of itself, three radiographs a study."""
    rng = np.random.default_rng(3)
    tables = []
    for part in BODY_PARTS:
        studies = np.repeat(np.arange(150), 3)
        broken = np.repeat(rng.random(150) < 0.25, 3)
        odds = rng.normal(np.where(broken, 1.0, -3.0), 1.6)
        tables.append(
            pd.DataFrame(
                {
                    "study": [f"{part} {number}" for number in studies],
                    "body_part": part,
                    "label": np.where(broken, FRACTURED, NORMAL),
                    "run": [f"fold{number % 5}" for number in studies],
                    "fracture_probability": 1 / (1 + np.exp(-2.5 * odds)),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def section(predictions):
    return json.loads(json.dumps(trust_section(predictions, resamples=50)))


def test_the_band_keeps_both_promises_on_what_it_was_chosen_on():
    rng = np.random.default_rng(0)
    broken = rng.random(400) < 0.3
    score = np.clip(rng.normal(np.where(broken, 0.6, 0.4), 0.2), 0.0, 1.0)
    band = doubt_band(broken, score)
    verdicts = np.array([band.verdict(number) for number in score], dtype=object)
    assert (verdicts[broken] != Verdict.NONE_SEEN).mean() >= 0.95
    assert (verdicts[~broken] != Verdict.FRACTURE).mean() >= 0.95
    assert 0.0 < band.low < band.high < 1.0


def test_where_one_threshold_keeps_both_promises_there_is_no_doubt():
    band = doubt_band([0] * 20 + [1] * 20, [0.1] * 20 + [0.9] * 20)
    assert band.low == band.high
    assert [band.verdict(one) for one in (0.1, 0.9)] == [Verdict.NONE_SEEN, Verdict.FRACTURE]


def test_a_band_asked_for_more_doubts_more():
    rng = np.random.default_rng(0)
    broken = rng.random(400) < 0.3
    score = np.clip(rng.normal(np.where(broken, 0.6, 0.4), 0.2), 0.0, 1.0)
    usual, stricter = (
        doubt_band(broken, score),
        doubt_band(broken, score, sensitivity=0.99, specificity=0.98),
    )
    assert stricter.low < usual.low < usual.high < stricter.high


@pytest.mark.slow
def test_as_little_more_than_the_promise_is_asked_as_keeps_it_on_the_other_folds(section):
    for part in section["parts"].values():
        for name, asked in part["asked"].items():
            assert 0.95 <= asked <= 0.99
            assert part[name]["value"] >= 0.95


def test_the_balanced_point_promises_less_and_doubts_less(section):
    for part in section["parts"].values():
        balanced = part["points"]["balanced"]
        assert balanced["promised"] == {"sensitivity": 0.9, "specificity": 0.9}
        for name, asked in balanced["asked"].items():
            assert 0.9 <= asked <= 0.94
            assert balanced[name]["value"] >= 0.9
        assert part["band"]["low"] < balanced["band"]["low"]
        assert balanced["band"]["high"] < part["band"]["high"]
        doubt = balanced["doubt"]
        assert doubt["low"] <= doubt["value"] <= doubt["high"]
        assert (doubt["n"], doubt["groups"]) == (450, 150)
        assert doubt["value"] < part["doubt"]["value"]
        assert sum(row["n"] for row in balanced["verdicts"].values()) == part["n"]


def test_the_card_gives_back_the_operating_point_that_is_asked_for(section):
    sensitive, balanced = (
        trust_of_card({"trust": section}),
        trust_of_card({"trust": section}, "balanced"),
    )
    for part, written in section["parts"].items():
        limits = written["points"]["balanced"]["band"]
        assert balanced[part].band == DoubtBand(limits["low"], limits["high"], "balanced")
        assert sensitive[part].band.point == "sensitive"
        assert sensitive[part].calibration == balanced[part].calibration


def test_a_card_with_one_operating_point_answers_at_that_one_alone(section):
    parts = {
        name: {key: value for key, value in part.items() if key != "points"}
        for name, part in section["parts"].items()
    }
    old = {"trust": {**section, "parts": parts}}
    assert trust_of_card(old)["hand"].band == trust_of_card({"trust": section})["hand"].band
    for card in (old, {}):
        with pytest.raises(ModelError, match="has no balanced operating point: choose sensitive"):
            trust_of_card(card, "balanced")


@pytest.mark.slow
def test_with_too_few_fractures_to_keep_the_promise_no_more_is_asked_for(predictions):
    broken = predictions["label"] == FRACTURED
    found = predictions[broken].groupby(["body_part", "run"]).head(2)
    found = found.assign(fracture_probability=np.tile(np.linspace(0.2, 0.9, 10), len(BODY_PARTS)))
    normal = predictions[~broken]
    below = np.random.default_rng(0).uniform(0.0, 0.5, len(normal))
    few = pd.concat([normal.assign(fracture_probability=below), found])
    for part in trust_section(few, resamples=5)["parts"].values():
        assert part["sensitivity"]["value"] < 0.95
        assert part["asked"]["sensitivity"] == 0.95


def test_where_no_threshold_spares_enough_nothing_is_a_sure_fracture():
    band = doubt_band([0] * 10 + [1], [0.9] * 11)
    assert band.high == 1.0
    assert band.verdict(0.95) is Verdict.DOUBT


@pytest.mark.slow
def test_a_network_too_sure_of_itself_is_calibrated(predictions, section):
    broken = predictions["label"] == FRACTURED
    before = expected_calibration_error(broken, predictions["fracture_probability"])
    after = expected_calibration_error(broken, calibrated_out_of_fold(predictions))
    assert after < before
    for part in section["parts"].values():
        assert part["calibration"]["method"] in ("temperature", "Platt")
        assert part["calibration"]["slope"] < 1.0


def test_every_figure_has_its_interval_and_its_n(section):
    for part in section["parts"].values():
        for name in ("sensitivity", "specificity", "doubt", "auroc"):
            figure = part[name]
            assert figure["low"] <= figure["value"] <= figure["high"]
            assert (figure["n"], figure["groups"]) == (450, 150)
        assert sum(row["n"] for row in part["verdicts"].values()) == part["n"]
        assert sum(row["n"] for row in part["peers"]) == part["n"]


def test_conformal_coverage_is_about_what_was_promised(section):
    for part in section["parts"].values():
        for sets in part["conformal"]:
            for coverage in sets["coverage"].values():
                assert coverage["value"] > 1.0 - sets["miss"] - 0.06


def test_the_card_gives_back_what_was_fitted(section):
    trust = trust_of_card({"trust": section})
    for part in BODY_PARTS:
        known, written = trust[part], section["parts"][part]
        assert (known.band.low, known.band.high) == tuple(written["band"].values())
        lowest, highest = known.peers_of(0.0), known.peers_of(1.0)
        assert lowest.n == written["peers"][0]["n"]
        assert highest.fractured == written["peers"][-1]["fractured"]
        assert lowest.fractured / lowest.n < written["prevalence"] < highest.fractured / highest.n


def test_without_a_section_probabilities_stay_and_one_half_divides_them():
    assert trust_of_card({}) == {}
    known = PartTrust()
    assert float(known.calibration(0.3)) == 0.3
    assert known.band.verdict(0.5) is Verdict.FRACTURE
    assert known.band.verdict(0.49) is Verdict.NONE_SEEN
    assert known.peers_of(0.3) is None


@pytest.mark.parametrize("damage", [{"parts": {"hand": {}}}, {"parts": 3}, []])
def test_a_damaged_section_is_one_sentence(damage):
    with pytest.raises(ModelError, match="section on trust is damaged"):
        trust_of_card({"trust": damage})


def test_the_table_names_every_part_with_its_baseline(section):
    table = trust_table(section)
    assert table.count("  balanced       none seen below") == len(BODY_PARTS)
    for part in BODY_PARTS:
        assert f"{part}: n 450 of 150 studies" in table
    assert table.count("always normal is right in") == len(BODY_PARTS)


def test_a_part_with_one_truth_alone_cannot_be_fitted(predictions):
    alike = predictions.assign(label=NORMAL)
    with pytest.raises(ValueError, match="no elbow with, or none without, a fracture"):
        trust_section(alike)


def test_predictions_come_back_as_they_were_saved(predictions, tmp_path):
    save_predictions(tmp_path / "answers.csv", predictions)
    back = read_predictions(tmp_path / "answers.csv")
    assert list(back["study"]) == list(predictions["study"])
    assert back["fracture_probability"].to_numpy() == pytest.approx(
        predictions["fracture_probability"].to_numpy(), abs=1e-6
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot be read as a table"),
        ("study,run\n1,2\n", "lacks the column body_part"),
        (
            "study,body_part,label,run,fracture_probability\ns,hand,normal,f,1.5\n",
            "no valid part, label and probability in line 2",
        ),
    ],
)
def test_another_file_is_refused_with_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "answers.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=sentence):
        read_predictions(path)


def test_a_missing_file_is_refused_with_one_sentence(tmp_path):
    with pytest.raises(DatasetError, match=r"answers\.csv was not found"):
        read_predictions(tmp_path / "answers.csv")


def test_peers_are_grouped_as_finely_as_leaves_enough_of_them(section):
    for part in section["parts"].values():
        peers = part["peers"]
        assert peers[0]["from"] == 0.0
        assert peers[-1]["to"] == 1.0
        assert all(one["n"] >= 25 for one in peers)
        assert [one["to"] for one in peers[:-1]] == [one["from"] for one in peers[1:]]


@pytest.mark.slow
def test_few_radiographs_are_one_group(predictions):
    few = (
        predictions.groupby("body_part")
        .head(20)
        .assign(label=[FRACTURED, NORMAL] * 30, run=["a", "a", "b", "b"] * 15)
    )
    (group,) = trust_section(few, resamples=5)["parts"]["hand"]["peers"]
    assert (group["from"], group["to"], group["n"]) == (0.0, 1.0, 20)


def _drawn(rng, n):
    broken = rng.random(n) < 0.2
    return broken, np.clip(rng.normal(np.where(broken, 0.6, 0.35), 0.2), 0.0, 1.0)


@pytest.mark.parametrize("miss", [0.05, 0.1, 0.3])
def test_either_truth_is_covered_as_promised(miss):
    rng = np.random.default_rng(1)
    covered = {FRACTURED: [], NORMAL: []}
    for _ in range(200):
        fractured_from, normal_up_to = conformal_limits(*_drawn(rng, 150), miss=miss)
        broken, score = _drawn(rng, 400)
        covered[FRACTURED].append((score[broken] >= fractured_from).mean())
        covered[NORMAL].append((score[~broken] <= normal_up_to).mean())
    for label, shares in covered.items():
        # Over many calibration sets coverage lies between the promise and one rank above it.
        assert 1.0 - miss - 0.01 < np.mean(shares) < 1.0 - miss + 0.05, label


def test_with_too_few_to_promise_anything_that_answer_is_always_possible():
    limits = conformal_limits([1] * 18 + [0] * 40, [0.9] * 18 + [0.1] * 40, miss=0.05)
    assert limits == (0.0, 0.1)


def test_the_rank_counts_the_new_radiograph_too():
    # Of 19 fractured, one may be left out at 5 percent of 20: the least probable stays the limit.
    score = np.linspace(0.05, 0.95, 19)
    fractured_from, _ = conformal_limits([1] * 19 + [0], [*score, 0.0], miss=0.05)
    assert fractured_from == pytest.approx(0.05)


@pytest.mark.parametrize("miss", [0.0, 1.0, -1.0])
def test_the_share_that_may_be_missed_lies_between_none_and_all(miss):
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_limits([0, 1], [0.1, 0.9], miss=miss)

"""Finding saved results, reading them, deleting them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from history_reports import REFUSAL, make_report
from hypothesis import given, settings
from hypothesis import strategies as st

from fracture_widgets.errors import HistoryError
from fracture_widgets.evaluation.metrics import cohen_kappa
from fracture_widgets.parts import Verdict
from fracture_widgets.records.database import COLUMNS
from fracture_widgets.records.history import History
from fracture_widgets.records.saved_result import (
    READER_VERDICTS,
    REMARK_LENGTH,
    WINDOW,
    Agreement,
    HistoryFilter,
    Order,
    ReaderFilter,
    SavedResult,
    in_words,
)

FRACTURE, DOUBT, NONE_SEEN = READER_VERDICTS


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "history.sqlite3")


@pytest.fixture
def filled(history):
    """No. 1 to 5: fracture, doubt, none seen, refused, and a fracture by another model."""
    history.save(make_report("ÄRM left.png", sha256="1" * 64, calibrated=0.9))
    history.save(make_report("hand_2.png", sha256="2" * 64, calibrated=0.5))
    history.save(make_report("elbow%.png", sha256="3" * 64, calibrated=0.1, body_part="elbow"))
    history.save(make_report("cat.png", sha256="4" * 64, refusal=REFUSAL))
    history.save(make_report("hand.png", sha256="1" * 64, calibrated=0.8, model="d" * 64))
    history.set_reading(1, FRACTURE, "seen at the Radial head")
    history.set_reading(2, NONE_SEEN, "")
    history.set_reading(4, NONE_SEEN, "a cat")
    return history


def numbers(history, **wanted):
    return [row.id for row in history.rows(HistoryFilter(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"text": "ärm"}, [1]),
        ({"text": "radial HEAD"}, [1]),
        ({"text": "%"}, [3]),
        ({"text": "_"}, [2]),
        ({"text": "'; DROP TABLE results; --"}, []),
        ({"verdict": Verdict.FRACTURE}, [5, 1]),
        ({"verdict": Verdict.DOUBT}, [2]),
        ({"verdict": Verdict.REFUSED}, [4]),
        ({"body_part": "elbow"}, [3]),
        ({"reader": ReaderFilter.AGREES}, [1]),
        ({"reader": ReaderFilter.DISAGREES}, [2]),
        ({"reader": ReaderFilter.NOT_READ}, [5, 3]),
        ({"model": "dddd"}, [5]),
        ({"text": "hand", "model": "b"}, [2]),
        ({"order": Order.PROBABLE}, [1, 5, 2, 3, 4]),
    ],
)
def test_saved_results_are_found_by(filled, wanted, found):
    assert numbers(filled, **wanted) == found
    assert filled.count(HistoryFilter(**wanted)) == len(found)


def test_pages_of_the_results_follow_each_other(filled):
    assert [row.id for row in filled.rows(limit=2)] == [5, 4]
    assert [row.id for row in filled.rows(limit=2, offset=2)] == [3, 2]
    assert filled.models() == ("d" * 64, "b" * 64)


def test_what_the_reader_says_stands_beside_what_the_network_says(filled):
    row = filled.get(2)
    assert (row.verdict, row.reader_verdict, row.agreed) == ("doubt", "none seen", False)
    assert datetime.now(UTC) - row.read_at < timedelta(minutes=1)
    assert filled.get(1).agreed is True
    assert filled.get(3).agreed is None
    assert filled.get(4).agreed is None  # the network concluded nothing


def test_a_reader_may_change_their_mind_or_take_it_back(filled):
    assert filled.set_reading(1, DOUBT, "not sure").reader_verdict is DOUBT
    row = filled.set_reading(1, None, "not sure")
    assert (row.reader_verdict, row.read_at, row.remark) == (None, None, "not sure")


def test_a_remark_alone_leaves_the_time_of_reading(filled, monkeypatch):
    at = filled.get(1).read_at
    monkeypatch.setattr(
        "fracture_widgets.records.history._now", lambda: "2031-01-01T00:00:00+00:00"
    )
    assert filled.set_reading(1, FRACTURE, "another remark").read_at == at
    assert filled.set_reading(1, DOUBT, "another remark").read_at.year == 2031


def test_a_remark_is_plain_text_of_bounded_length(filled):
    row = filled.set_reading(1, None, "  <b>two</b>\r\nlines\x00\x1b[31m\ud800 ")
    assert row.remark == "<b>two</b>\nlines[31m?"
    filled.set_reading(1, None, "x" * REMARK_LENGTH)
    with pytest.raises(HistoryError, match="1,001 characters, and 1,000 are kept"):
        filled.set_reading(1, None, "x" * (REMARK_LENGTH + 1))


def test_a_reader_cannot_refuse_and_a_missing_row_is_a_sentence(filled):
    with pytest.raises(ValueError, match="A reader says one of"):
        filled.set_reading(1, Verdict.REFUSED, "")
    for ask in (filled.get, lambda number: filled.set_reading(number, DOUBT, "")):
        with pytest.raises(HistoryError, match="There is no no. 77"):
            ask(77)


def test_a_refused_radiograph_is_saved_with_its_reason_and_without_probabilities(filled):
    row = filled.get(4)
    assert (row.verdict, row.reason, row.overridden) == ("refused", REFUSAL, False)
    assert [getattr(row, name) for name in (
        "body_part", "body_part_probability", "label", "fracture_probability",
        "calibrated_probability", "doubt_from", "fracture_from", "probability",
    )] == [None] * 8  # fmt: skip


def test_an_overridden_refusal_takes_the_place_of_the_refusal_and_not_the_other_way(filled):
    overridden = make_report("cat.png", sha256="4" * 64, refusal=REFUSAL, overridden=True)
    assert filled.find(overridden) is None
    assert filled.save(overridden) == 4
    row = filled.find(overridden)
    assert (row.verdict, row.reason, row.overridden) == ("fracture", REFUSAL, True)
    assert row.remark == "a cat"
    assert filled.save(make_report(sha256="4" * 64, refusal=REFUSAL)) == 4
    assert filled.get(4) == row


def test_deleted_rows_come_back_as_they_were(filled):
    before = filled.rows()
    removed = filled.delete_all(HistoryFilter(body_part="hand"), expected=3)
    assert [row.id for row in filled.rows()] == [4, 3]
    assert filled.restore(removed) == 3
    assert filled.rows() == before
    assert filled.delete(99) == ()


def test_what_was_saved_anew_meanwhile_is_not_there_twice(filled):
    removed = filled.delete(1)
    again = filled.save(make_report(sha256="1" * 64))
    assert again == 6
    assert filled.restore(removed) == 0
    assert filled.count() == 5


def test_nothing_is_deleted_when_there_is_more_than_the_person_was_told(filled):
    with pytest.raises(HistoryError, match="there are 5 such results by now, not 4"):
        filled.delete_all(HistoryFilter(), expected=4)
    assert filled.count() == 5


def test_the_exports_have_what_is_wanted_and_all_columns(filled):
    wanted = HistoryFilter(verdict=Verdict.DOUBT)
    (line,) = csv.DictReader(io.StringIO(filled.export_csv(wanted)))
    (item,) = json.loads(filled.export_json(wanted))
    assert ["schema", *line] == list(item) == ["schema", *COLUMNS]
    assert (line["verdict"], line["reader_verdict"]) == ("doubt", "none seen")
    assert (item["calibrated_probability"], item["doubt_from"]) == (0.5, 0.25)
    refused = json.loads(filled.export_json(HistoryFilter(verdict=Verdict.REFUSED)))
    assert (refused[0]["label"], refused[0]["reason"]) == (None, REFUSAL)


def read_rows(pairs):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        SavedResult(n, at, {"sha256": f"{n:064d}", "verdict": network}, reader,
                    read_at=at + timedelta(days=n))
        for n, (reader, network) in enumerate(pairs)
    ]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=12)
@given(st.lists(st.tuples(*[st.sampled_from(READER_VERDICTS)] * 2), min_size=1, max_size=40))
def test_the_agreement_is_cohens_kappa_of_all_readings(pairs):
    reader, network = (
        np.array([str(one) for one in column]) for column in zip(*pairs, strict=True)
    )
    found = Agreement.of(read_rows(pairs))
    np.testing.assert_allclose(found.verdicts.value, cohen_kappa(reader, network))
    np.testing.assert_allclose(
        found.fracture.value, cohen_kappa(reader == "fracture", network == "fracture")
    )
    assert found.n == len(pairs)
    assert found.same == sum(a is b for a, b in pairs)


def test_the_course_shows_a_reader_who_learns():
    rng = np.random.default_rng(0)
    network = [READER_VERDICTS[n] for n in rng.integers(3, size=120)]
    guessed = [READER_VERDICTS[n] for n in rng.integers(3, size=60)]
    course = Agreement.of(read_rows(zip(guessed + network[60:], network, strict=True))).course
    assert len(course) <= 80
    assert [at for at, _ in course] == sorted(at for at, _ in course)
    assert abs(course[0][1]) < 0.6
    assert course[-1][1] == 1.0
    assert WINDOW < 60


def test_no_readings_and_few_readings_have_no_course():
    assert Agreement.of([]).n == 0
    assert Agreement.of(read_rows([(DOUBT, DOUBT)] * 9)).course == ()


def test_the_agreement_leaves_out_the_unread_and_the_refused(filled):
    found = filled.agreement()
    assert (found.n, found.same) == (2, 1)
    assert filled.agreement(HistoryFilter(body_part="elbow")).n == 0


def test_kappa_has_words():
    assert [in_words(kappa) for kappa in (-1, 0.1, 0.3, 0.5, 0.7, 0.9, float("nan"))] == [
        "poor", "slight", "fair", "moderate", "substantial", "almost perfect", "not defined",
    ]  # fmt: skip

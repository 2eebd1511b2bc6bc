"""The order of a worklist, and what its filters let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.app.tabs.worklist import (
    NOT_ANSWERED,
    SORTED_BY,
    Filter,
    Sorting,
    counts_in_words,
    matching,
    sorted_rows,
)
from fracture_widgets.parts import BODY_PARTS, Verdict

# Few values, so that many are equal.
PROBABILITIES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
VERDICTS = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN)
NAMES = st.sampled_from(["hand 2.png", "hand 10.png", "Hand 010.png", "ELBOW.dcm", "²٣.png", ""])


@st.composite
def row(draw, key=0):
    known = {"name": draw(NAMES), "width": draw(st.integers(1, 3)), "height": 2}
    state = draw(st.sampled_from(["answered", "refused", "waiting", "failed"]))
    if state == "failed":
        known["error"] = "It cannot be examined."
    if state == "answered":
        known |= {
            "body_part": draw(st.sampled_from(BODY_PARTS)),
            "body_part_probability": 0.9,
            "verdict": draw(st.sampled_from(VERDICTS)),
            "calibrated_probability": draw(PROBABILITIES),
        }
    if state == "refused":
        known |= {"verdict": Verdict.REFUSED, "body_part": None, "calibrated_probability": None}
    return waiting(key, **known)


@st.composite
def row_lists(draw):
    return [draw(row(key)) for key in range(draw(st.integers(0, 12)))]


SORTINGS = st.builds(Sorting, st.sampled_from(list(SORTED_BY)), st.booleans())
FILTERS = st.builds(
    Filter,
    text=st.sampled_from(["", "HAND", "png 1", "nobody"]),
    body_part=st.sampled_from(["", *BODY_PARTS]),
    answer=st.sampled_from(["", *Verdict, NOT_ANSWERED]),
    minimum=PROBABILITIES,
)


def answered(key, probability, **known):
    verdict = Verdict.FRACTURE if probability >= 0.5 else Verdict.NONE_SEEN
    given = {"verdict": verdict, "calibrated_probability": probability, "body_part": "hand"}
    return waiting(key, **(given | known))


def waiting(key, **known):
    return {"key": key, "name": f"{key}.png", "width": 2, "height": 2, "error": ""} | known


def keys(rows):
    return [row["key"] for row in rows]


@pytest.mark.slow
@given(row_lists(), SORTINGS)
def test_sorting_loses_none_and_adds_none(rows, sorting):
    assert sorted(keys(sorted_rows(rows, sorting))) == keys(rows)


@given(row_lists(), SORTINGS)
def test_sorting_what_is_sorted_changes_nothing(rows, sorting):
    once = sorted_rows(rows, sorting)
    assert sorted_rows(once, sorting) == once


@pytest.mark.slow
@given(row_lists(), FILTERS, SORTINGS)
def test_it_does_not_matter_whether_it_is_filtered_or_sorted_first(rows, wanted, sorting):
    filtered_last = matching(sorted_rows(rows, sorting), wanted)
    assert sorted_rows(matching(rows, wanted), sorting) == filtered_last


@pytest.mark.slow
@given(row_lists(), FILTERS)
def test_filtering_twice_is_filtering_once(rows, wanted):
    assert matching(matching(rows, wanted), wanted) == matching(rows, wanted)


@pytest.mark.slow
@given(row_lists())
def test_suspicion_falls_and_unanswered_ones_come_after_and_failed_ones_last(rows):
    by_suspicion = sorted_rows(rows, Sorting())
    groups = [0 if "verdict" in row else 2 if row["error"] else 1 for row in by_suspicion]
    assert groups == sorted(groups)
    probabilities = [row.get("calibrated_probability") for row in by_suspicion]
    falling = [probability for probability in probabilities if probability is not None]
    assert falling == sorted(falling, reverse=True)


@given(row_lists(), SORTINGS)
def test_what_the_order_leaves_equal_stays_in_the_order_of_arrival(rows, sorting):
    alike = [{**row, "key": len(rows) + row["key"]} for row in rows]
    place = {key: n for n, key in enumerate(keys(sorted_rows([*rows, *alike], sorting)))}
    assert all(place[key] < place[len(rows) + key] for key in keys(rows))


@pytest.mark.slow
@given(row_lists(), st.sampled_from(["body_part", "answer", "suspicion"]), st.booleans())
def test_those_without_an_answer_come_last_whichever_way_answers_are_sorted(rows, by, descending):
    known = ["verdict" in row for row in sorted_rows(rows, Sorting(by, descending))]
    assert known == sorted(known, reverse=True)


@pytest.mark.slow
@given(row_lists(), FILTERS)
def test_the_counts_are_those_of_what_is_shown(rows, wanted):
    shown = matching(rows, wanted)
    how_many, *parts = counts_in_words(len(rows), shown).split(", ")
    assert int(how_many.split()[0]) == len(shown)
    assert sum(int(part.split()[0]) for part in parts) == len(shown)


def test_names_are_sorted_as_people_count():
    names = ["hand 10.png", "hand 2.png", "Hand 1.png", "elbow 3.png", "hand 002b.png"]
    rows = [waiting(key, name=name) for key, name in enumerate(names)]
    by_name = sorted_rows(rows, Sorting("name", descending=False))
    assert [row["name"] for row in by_name] == [
        "elbow 3.png", "Hand 1.png", "hand 2.png", "hand 002b.png", "hand 10.png",
    ]  # fmt: skip


def test_among_one_body_part_the_most_suspicious_comes_first_either_way():
    rows = [answered(1, 0.1), answered(2, 0.9), answered(3, 0.5, body_part="elbow")]
    assert keys(sorted_rows(rows, Sorting("body_part", descending=False))) == [3, 2, 1]
    assert keys(sorted_rows(rows, Sorting("body_part", descending=True))) == [2, 1, 3]


def test_a_second_click_on_a_column_turns_the_order_round():
    order = Sorting()
    assert order.clicked("name") == Sorting("name", descending=False)
    assert order.clicked("suspicion") == Sorting("suspicion", descending=False)
    assert order.clicked("suspicion").clicked("suspicion") == order
    assert order.clicked("size") == Sorting("size", descending=True)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Filter(), [1, 2, 3, 4]),
        (Filter(text="  KNEE left "), [3]),
        (Filter(text="knee right"), []),
        (Filter(body_part="elbow"), [2]),
        (Filter(answer="fracture"), [2]),
        (Filter(answer="none seen"), [1]),
        (Filter(answer=NOT_ANSWERED), [3, 4]),
        (Filter(minimum=0.2), [1, 2]),
        (Filter(minimum=0.21), [2]),
        (Filter(body_part="hand", minimum=0.5), []),
    ],
)
def test_a_filter_shows_those_for_which_all_of_it_is_true(wanted, shown):
    rows = [
        answered(1, 0.2),
        answered(2, 0.9, body_part="elbow"),
        waiting(3, name="Left knee.png"),
        waiting(4, error="It cannot be examined."),
    ]
    assert keys(matching(rows, wanted)) == shown

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.base.tables import csv_text


def read_back(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_cells_come_back_and_none_of_them_begins_a_formula(cells):
    _, row = read_back(csv_text(["column"] * len(cells), [cells]))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell():
    assert read_back(csv_text(["a", "b", "c"], [(-1.5, 3, None)])) == [
        ["a", "b", "c"], ["-1.5", "3", ""],
    ]  # fmt: skip

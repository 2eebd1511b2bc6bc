"""The journal: whatever is left of it, the rest can be added, and nothing that was kept is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.errors import ScreeningError
from fracture_widgets.screening.table import Journal, Row, Screened, failed_row

SCREENED = Screened(model="m" * 64, version="1.0", files=7, listing="f" * 64, batch=2)
BATCHES = [
    [failed_row(f"{place}/é\n{index}.png", "It is empty.", SCREENED.model) for index in range(2)]
    for place in range(4)
]
ROWS = [row for rows in BATCHES for row in rows]


def _written(table: Path, order: tuple[int, ...] = (0, 1, 2, 3)) -> bytes:
    with Journal(table, SCREENED) as journal:
        for place in order:
            journal.keep(place, BATCHES[place])
    return journal.path.read_bytes()


def _completed(table: Path) -> tuple[int, list[Row]]:
    """Add what is missing; return how much that was, and all rows."""
    with Journal(table, SCREENED) as journal:
        missing = [place for place in range(4) if place not in journal]
        for place in missing:
            journal.keep(place, BATCHES[place])
        return len(missing), list(journal.rows())


def test_kept_rows_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    _written(tmp_path / "t.csv")
    assert _completed(tmp_path / "t.csv") == (0, ROWS)


def test_rows_come_in_the_order_of_the_folder_in_whatever_order_they_were_kept(
    tmp_path: Path,
) -> None:
    _written(tmp_path / "t.csv", (2, 0, 3, 1))
    assert _completed(tmp_path / "t.csv") == (0, ROWS)


with TemporaryDirectory() as _folder:
    WHOLE = _written(Path(_folder) / "t.csv")


@given(st.integers(0, len(WHOLE)), st.sampled_from([b"", b"\0" * 30, b'{"batch', b"\n"]))
def test_torn_at_any_byte_it_goes_on_to_the_same_rows(end: int, debris: bytes) -> None:
    whole_lines = WHOLE[:end].count(b"\n")
    if end < WHOLE.index(b"\n") + 1:
        debris = b""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "t.csv"
        Journal.beside(table).write_bytes(WHOLE[:end] + debris)
        missing, rows = _completed(table)
        assert rows == ROWS
        # Of the lines that were forced to disk, none is done again.
        assert missing <= 4 - max(0, whole_lines - 2)
        assert Journal.beside(table).read_bytes().count(b"\n") == 6


@given(st.integers(WHOLE.index(b"\n") + 1, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_byte_costs_the_batches_behind_it_and_no_wrong_row(at: int, flip: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= flip
    with TemporaryDirectory() as folder:
        table = Path(folder) / "t.csv"
        Journal.beside(table).write_bytes(damaged)
        assert _completed(table)[1] == ROWS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "n" * 64}, "begun with another model or operating point (sha256 mm"),
        ({"version": "1.1"}, "begun with Fracture Widgets 1.0, and this is 1.1"),
        ({"files": 8, "listing": "g" * 64}, "The folder has changed since t.csv was begun (7"),
        ({"listing": "g" * 64}, "Files of the folder have been exchanged or renamed"),
        ({"batch": 3}, "begun with --batch 2"),
        ({"schema": 9}, "begun with the columns of another version of Fracture Widgets"),
    ],
)
def test_another_screening_is_refused_in_one_sentence_and_nothing_is_lost(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    table = tmp_path / "t.csv"
    before = _written(table)
    with pytest.raises(ScreeningError) as refused:
        Journal(table, replace(SCREENED, **change))
    assert says in str(refused.value)
    assert "--restart" in str(refused.value)
    assert Journal.beside(table).read_bytes() == before


def test_a_restart_throws_away_what_was_kept(tmp_path: Path) -> None:
    _written(tmp_path / "t.csv")
    with Journal(tmp_path / "t.csv", replace(SCREENED, batch=3), restart=True) as journal:
        assert list(journal.rows()) == []


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "t.csv.part").write_text("my own notes")
    with pytest.raises(ScreeningError, match="was not written by a screening"):
        Journal(tmp_path / "t.csv", SCREENED, restart=True)
    assert (tmp_path / "t.csv.part").read_text() == "my own notes"

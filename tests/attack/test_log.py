"""What strangers have the server write on its console."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.serving.gate import OneLine, Sparing, escaped, write_sparingly


@pytest.mark.slow
@given(st.text(max_size=2000))
def test_no_text_moves_the_cursor_begins_a_line_or_goes_on_for_ever(text):
    line = escaped(text)
    assert line.isprintable()
    assert len(line) < 500


@pytest.mark.parametrize(
    "text",
    [
        "GET /?token=s3same&x=1",
        "{'token': 's3same'}",
        "Authorization: Bearer s3same",
        "password=s3same",
        "/login?next=%2F%3Ftoken%3Ds3same",
    ],
)
def test_no_token_is_written(text):
    assert "s3same" not in escaped(text)


def _record(text: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("x", logging.ERROR, "file", 1, text, (), info)


def test_an_error_is_one_line_that_says_where_it_came_from():
    try:
        raise ValueError("a\nb\x1b[2J")
    except ValueError as error:
        line = OneLine().format(_record("Uncaught exception", error))
    assert line.isprintable()
    assert "ValueError" in line
    assert "test_an_error_is_one_line" in line


def test_so_many_lines_a_minute_and_then_how_many_were_left_out():
    now = [0.0]
    sparing = Sparing(lambda: now[0])
    assert sum(sparing.filter(_record("x")) for _ in range(1000)) == 30
    now[0] = 61.0
    record = _record("y")
    assert sparing.filter(record)
    assert record.getMessage() == "(970 lines were left out) y"


def test_that_our_notebooks_are_unsigned_is_no_news_and_nobody_else_hides_a_line_so(capsys):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        write_sparingly()
        root.warning("Notebook %s is not trusted", "dashboard.ipynb")
        root.warning("Notebook theirs is not trusted")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("warning: Notebook theirs is not trusted")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.records.sheet import lines_of, one_line, settable, width_of


@given(st.text())
def test_what_is_settable_is_printable_and_as_long(text):
    said = settable(text)
    assert len(said) == len(text)
    assert said == "" or said.isprintable()


@pytest.mark.parametrize("control", ["\n", "\0", "\u202e", "\u2066", "\u200b", "\udc80"])
def test_a_control_becomes_a_space(control):
    assert settable(f"a{control}b") == "a b"


def test_a_letter_that_the_font_lacks_becomes_a_square():
    assert settable("例.png") == "□.png"


def test_letters_of_many_scripts_stay():
    name = "žluťoučký Ελληνικά Ελένη кость عظم.png"
    assert settable(name) == name


@given(st.text(max_size=300), st.floats(60, 900))
def test_a_line_is_never_wider_than_its_room(text, width):
    assert width_of(one_line(text, width, 20), 20) <= width


def test_of_a_long_line_the_middle_is_left_out():
    said = one_line("a" * 300 + ".png", 300, 20)
    assert said.startswith("aaa")
    assert said.endswith(".png")
    assert "…" in said


@given(st.text(max_size=200), st.integers(1, 4))
def test_a_text_never_takes_more_lines_than_it_may(text, most):
    lines = lines_of(text, 200, 20, most=most)
    assert len(lines) <= most
    assert all(width_of(line, 20) <= 200 for line in lines)


def test_a_text_that_fits_is_kept_whole():
    text = "of 100 radiographs with this figure, about 87 are fractured"
    assert " ".join(lines_of(text, 300, 20, most=4)) == text

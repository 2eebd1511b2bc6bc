from __future__ import annotations

import pytest

from fracture_widgets.records.history import History
from fracture_widgets.serving.kernels import VisitorHistories


def test_what_a_visitor_saved_is_there_after_a_reload_and_for_no_other_visitor(tmp_path):
    histories = VisitorHistories(tmp_path)
    first, again, other = (histories.new_folder() for _ in range(3))
    for folder in (first, again, other):
        History(folder / "history.sqlite3").rows()  # a warm workbench has looked already
    histories.give(first, "anna")
    (first / "kept").touch()
    histories.give(again, "anna")
    histories.give(other, "bela")
    assert (again / "kept").exists()
    assert not (other / "kept").exists()
    assert History(again / "history.sqlite3").rows() == ()


def test_a_kernel_that_has_not_looked_yet_finds_the_folder_too(tmp_path):
    histories = VisitorHistories(tmp_path)
    for _ in range(2):
        folder = histories.new_folder()
        histories.give(folder, "anna")
        (folder / "kept").touch()


def test_a_visitors_name_is_no_path(tmp_path):
    histories = VisitorHistories(tmp_path)
    with pytest.raises(ValueError, match="letters and digits"):
        histories.give(histories.new_folder(), "../anna")

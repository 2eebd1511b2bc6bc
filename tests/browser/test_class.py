"""A small class of real pages on warm places: each reads the answer to its own radiograph."""

from __future__ import annotations

import threading

import pytest
from class_of_thirty import visiting
from class_visits import hold_class

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_visitors_at_once_each_get_their_own_answer_and_none_is_lost():
    runs = []
    # In a thread: the other browser tests keep a loop in this one.
    thread = threading.Thread(target=lambda: runs.append(hold_class(visiting, 3)))
    thread.start()
    thread.join()
    (run,) = runs
    assert len(run.visits) == 3
    assert run.wrong == []

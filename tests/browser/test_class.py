"""A small class of real pages on warm places: each reads the answer to its own radiograph."""

from __future__ import annotations

import threading

import class_of_thirty
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_visitors_at_once_each_get_their_own_answer_and_none_is_lost():
    runs = []
    # In a thread: the other browser tests keep a loop in this one.
    thread = threading.Thread(
        target=lambda: runs.append(class_of_thirty.run(3, wait_until_warm=False))
    )
    thread.start()
    thread.join()
    (run,) = runs
    assert len(run.visits) == 3
    assert run.wrong == []

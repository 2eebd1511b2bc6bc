"""Work that takes too long is not waited for."""

from __future__ import annotations

import threading

import pytest

from fracture_widgets.imaging.decoding import DecodingTimeout, within_seconds


def test_what_is_done_in_time_is_returned() -> None:
    assert within_seconds(60, lambda: "done") == "done"


def test_what_is_raised_in_time_is_raised() -> None:
    def fail() -> None:
        raise KeyError("bone")

    with pytest.raises(KeyError, match="bone"):
        within_seconds(60, fail)


def test_a_time_out_of_the_work_s_own_is_no_end_of_the_time() -> None:
    def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        within_seconds(60, fail)


def test_what_takes_longer_is_given_up_and_keeps_nobody_from_ending() -> None:
    go_on, names = threading.Event(), []

    def work() -> None:
        names.append(threading.current_thread())
        go_on.wait()

    with pytest.raises(DecodingTimeout):
        within_seconds(0.02, work)
    assert names[0].daemon
    go_on.set()
    names[0].join(timeout=60)
    assert not names[0].is_alive()

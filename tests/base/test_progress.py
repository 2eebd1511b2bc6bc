from __future__ import annotations

import pytest

from fracture_widgets.base.progress import SILENT, Cancelled, Clock, Monitor


def test_steps_and_sentences_arrive_and_stages_are_named():
    heard = []
    monitor = Monitor(lambda *step: heard.append(step), heard.append)
    monitor.step(1, 2)
    part = monitor.stage("fold 1")
    part.step(3, None, "reading")
    part.say("It goes on.")
    part.stage("alexnet").step(0, 4)
    assert heard == [
        (1, 2, ""), (3, None, "fold 1: reading"), "fold 1: It goes on.", (0, 4, "fold 1: alexnet"),
    ]  # fmt: skip


def test_work_that_was_cancelled_stops_at_its_next_step():
    stop = False
    monitor = Monitor(is_cancelled=lambda: stop)
    monitor.stage("a").step(1, 2)
    stop = True
    assert monitor.cancelled
    for stopped in (monitor, monitor.stage("a")):
        with pytest.raises(Cancelled):
            stopped.step(2, 2)
        with pytest.raises(Cancelled):
            stopped.check()


def test_the_silent_one_lets_everything_pass():
    SILENT.step(1, None, "x")
    SILENT.say("x")
    SILENT.check()


def test_the_clock_tells_the_rest_from_the_pace(monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    clock = Clock()
    assert clock.seconds_left(0, 10) is None
    now = 102.0
    assert clock.seconds_left(1, 10) == 18.0
    now = 106.0
    assert clock.seconds_left(3, 10) == 14.0

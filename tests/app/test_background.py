from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fracture_widgets.app.widgets.background import BackgroundTask, LatestTask, sentence
from fracture_widgets.errors import ModelError


def test_each_value_is_handed_over_and_the_task_is_done(synchronous):
    task, values = BackgroundTask(synchronous), []
    assert not task.running
    assert task.start(lambda: iter([1, 2]), values.append)
    assert values == [1, 2]
    assert (task.running, task.problem) == (False, "")


def test_an_error_becomes_a_sentence_and_what_came_before_it_is_kept(synchronous):
    def work():
        yield 1
        raise ModelError("The model is not the one on its card.")

    task, values = BackgroundTask(synchronous), []
    task.start(work, values.append)
    assert values == [1]
    assert not task.running
    assert task.problem == "The model is not the one on its card."


def test_a_second_start_does_nothing_while_the_first_runs(patient):
    task, values = BackgroundTask(patient), []
    assert task.start(lambda: [1], values.append)
    assert not task.start(lambda: [2], values.append)
    patient.go()
    assert values == [1]
    assert task.start(lambda: [3], values.append)


def test_a_failed_task_can_be_started_again(synchronous):
    task = BackgroundTask(synchronous)
    task.start(lambda: 1 / 0, print)
    task.start(lambda: [1], lambda _: None)
    assert (task.running, task.problem) == (False, "")


def test_stop_ends_after_the_value_at_hand(synchronous):
    task, values = BackgroundTask(synchronous), []

    def take(value):
        values.append(value)
        if value == 2:
            task.stop()

    task.start(lambda: iter(range(5)), take)
    assert values == [0, 1, 2]
    assert (task.running, task.problem) == (False, "")


def test_values_arrive_on_the_event_loop_and_not_in_the_worker():
    threads = {}

    async def scenario():
        done = asyncio.Event()
        with ThreadPoolExecutor(1) as executor:
            task = BackgroundTask(executor)
            task.on_end(done.set)

            def work():
                threads["work"] = threading.current_thread()
                yield 1

            task.start(work, lambda _: threads.update(value=threading.current_thread()))
            await asyncio.wait_for(done.wait(), timeout=5)

    asyncio.run(scenario())
    assert threads["value"] is threading.current_thread()
    assert threads["work"] is not threading.current_thread()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelError("A sentence."), "A sentence."),
        (MemoryError(), "not enough memory"),
        (KeyError("secret"), "KeyError"),
    ],
)
def test_errors_are_said_in_a_sentence(error, said):
    assert said in sentence(error)
    assert "secret" not in sentence(error)


def test_who_asks_to_be_told_of_a_problem_is_told(synchronous):
    task, told = BackgroundTask(synchronous), []
    task.on_end(lambda: told.append(task.problem))
    task.start(lambda: 1 / 0, print, lambda problem: told.append((problem, task.running)))
    (said, running), at_the_end = told
    assert said == at_the_end
    assert running


def test_what_was_replaced_tells_nothing_more(patient):
    task, values, problems = LatestTask(patient), [], []
    task.start(lambda: 1 / 0, values.append, problems.append)
    task.start(lambda: [2], values.append, problems.append)
    task.start(lambda: [3], values.append, problems.append)
    while patient.waiting:
        waiting, patient.waiting = patient.waiting, []
        for work, arguments, _ in waiting:
            work(*arguments)
    assert (values, problems) == ([3], [])
